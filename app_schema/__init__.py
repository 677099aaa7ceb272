"""The PostgreSQL schema of an AI-chat and support-chat platform: models, migrations, operations."""
