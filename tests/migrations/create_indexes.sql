-- The policy document's backend/scripts/create_indexes.sql, word for word.

-- chat_rooms 인덱스
CREATE INDEX IF NOT EXISTS idx_chat_rooms_agent_id ON chat_rooms(agent_id);
CREATE INDEX IF NOT EXISTS idx_chat_rooms_status ON chat_rooms(status);
CREATE INDEX IF NOT EXISTS idx_chat_rooms_created_at ON chat_rooms(created_at DESC);
CREATE INDEX IF NOT EXISTS idx_chat_rooms_agent_status ON chat_rooms(agent_id, status);

-- messages 인덱스
CREATE INDEX IF NOT EXISTS idx_messages_room_id ON messages(room_id);
CREATE INDEX IF NOT EXISTS idx_messages_timestamp ON messages(created_at DESC);
CREATE INDEX IF NOT EXISTS idx_messages_room_timestamp ON messages(room_id, created_at DESC);

-- agents 인덱스
CREATE INDEX IF NOT EXISTS idx_agents_status ON agents(status);
CREATE INDEX IF NOT EXISTS idx_agents_last_login ON agents(last_login DESC);

-- agent_sessions 인덱스
CREATE INDEX IF NOT EXISTS idx_agent_sessions_agent_id ON agent_sessions(agent_id);
CREATE INDEX IF NOT EXISTS idx_agent_sessions_expires_at ON agent_sessions(expires_at);

-- customer_sessions 인덱스
CREATE INDEX IF NOT EXISTS idx_customer_sessions_created_at ON customer_sessions(created_at);
CREATE INDEX IF NOT EXISTS idx_customer_sessions_last_active ON customer_sessions(last_active);
