namespace KadOrleans.Core.Values;

/// <summary>Where the values of a <see cref="KeyShard"/> are, which has an index of their keys.</summary>
internal interface IShardValues
{
    /// <summary>The value of a key that is held. May wait for storage. Null if it is damaged there.</summary>
    StoredValue? Read(in HeldKey key);

    /// <summary>The same without waiting; null if it has to be read first.</summary>
    StoredValue? Peek(in HeldKey key);

    void Hold(in HeldKey key, StoredValue value);

    void Forget(in HeldKey key);
}

/// <summary>What a <see cref="KeyShard"/> knows of a key it holds, without its value. Times are whole milliseconds.</summary>
internal readonly record struct HeldKey(NodeId Key, int Slot, long Place, DateTimeOffset StoredAt, DateTimeOffset ExpiresAt)
{
    public bool IsExpired(DateTimeOffset now) => now >= ExpiresAt;
}

internal sealed class ValuesInMemory : IShardValues
{
    // Chunks: growth copies nothing, and 8 KB stay out of the large object heap.
    private const int ChunkBits = 10;
    private const int ChunkLength = 1 << ChunkBits;

    private readonly List<StoredValue?[]> _chunks = [];

    public StoredValue? Read(in HeldKey key) => At(key.Slot);

    public StoredValue? Peek(in HeldKey key) => At(key.Slot);

    public void Hold(in HeldKey key, StoredValue value) => At(key.Slot) = value;

    public void Forget(in HeldKey key) => At(key.Slot) = null;

    private ref StoredValue? At(int slot)
    {
        while (slot >> ChunkBits >= _chunks.Count)
        {
            _chunks.Add(new StoredValue?[ChunkLength]);
        }

        return ref _chunks[slot >> ChunkBits][slot & (ChunkLength - 1)];
    }
}
