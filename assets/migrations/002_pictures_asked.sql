-- When the person was last asked to agree once more, for display pictures: they are asked once a month at most.
ALTER TABLE account ADD COLUMN pictures_asked INTEGER;
