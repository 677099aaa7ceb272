"""Documents, workflows and their runs."""

from __future__ import annotations

import secrets
from typing import Any

from app_schema.models import Document, DocumentStatus, ExecutionStatus, Workflow, WorkflowExecution, WorkflowStatus
from app_schema.testing.making.accounts import Accounts
from app_schema.testing.making.rows import NOW, Columns, has, unique

ENDED = (ExecutionStatus.SUCCEEDED, ExecutionStatus.FAILED, ExecutionStatus.CANCELLED)


class Work(Accounts):
    """What waits for a worker, and what a worker has done."""

    def document(self, *, status: DocumentStatus | str = DocumentStatus.PENDING, **columns: Any) -> Document:
        """Make a user's document, waiting to be processed unless told otherwise."""
        facts: Columns = {} if status == DocumentStatus.PENDING else {"processing_started_at": NOW}
        if status in (DocumentStatus.READY, DocumentStatus.ARCHIVED):
            facts |= {"processed_at": NOW, "language": "ko", "page_count": 1, "token_count": 300, "chunk_count": 1}
        if status == DocumentStatus.FAILED:
            facts["error"] = "no text was found"
        if not has(columns, "user"):
            facts["user_id"] = self.user().id
        file: Columns = {"mime_type": "application/pdf", "size_bytes": 1024, "sha256": secrets.token_hex(32)}
        return self._add(Document, columns, title="보고서.pdf", storage_key=unique("key"), status=status, **file, **facts)

    def workflow(self, *, status: WorkflowStatus | str = WorkflowStatus.PUBLISHED, **columns: Any) -> Workflow:
        """Make a user's workflow, published unless told otherwise."""
        user = {} if has(columns, "user") else {"user_id": self.user().id}
        return self._add(Workflow, columns, status=status, name=unique("workflow"), definition={"nodes": [], "edges": []}, **user)

    def execution(self, *, status: ExecutionStatus | str = ExecutionStatus.QUEUED, **columns: Any) -> WorkflowExecution:
        """Make a run of a workflow, queued unless told otherwise."""
        facts: Columns = {} if status == ExecutionStatus.QUEUED else {"started_at": NOW, "attempts": 1}
        if status == ExecutionStatus.RUNNING:
            facts |= {"locked_by": "worker-1", "heartbeat_at": NOW}
        if status in ENDED:
            facts["finished_at"] = NOW
        if status == ExecutionStatus.SUCCEEDED:
            facts["output"] = {"answer": "완료"}
        if status == ExecutionStatus.FAILED:
            facts["error"] = "the step timed out"
        workflow = columns.get("workflow")
        if not has(columns, "workflow"):
            workflow = self.workflow()
            facts["workflow_id"] = workflow.id
        elif workflow is None:
            workflow = self.orm.get(Workflow, columns["workflow_id"])
        version = workflow.version if isinstance(workflow, Workflow) else 1
        return self._add(WorkflowExecution, columns, status=status, workflow_version=version, **facts)
