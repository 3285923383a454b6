using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;

namespace KadOrleans.Storage.Sqlite;

/// <summary>
/// All values of the file, in memory: what is read here is committed. Many threads read; only the writer changes, so it
/// alone may also read without the lock.
/// </summary>
internal sealed class ValueMemory(StoreQuota quota)
{
    // One that grows, or is copied, holds up readers for so much less than one of a million would.
    private const int Parts = 1024;

    // Values judged again at a time; readers wait meanwhile.
    private const int JudgedTogether = 4096;

    /// <summary>Guards <see cref="Shard"/>.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The values. The place of each is the slot of the segment that has its record.</summary>
    public KeyShard Shard { get; } = new(quota, Parts);

    public StoreTurnover Turnover
    {
        get
        {
            lock (Gate)
            {
                return Shard.Turnover;
            }
        }
    }

    public IReadOnlyList<SourceChanges> GetTopChanges(int count)
    {
        lock (Gate)
        {
            return Shard.GetTopChanges(count);
        }
    }

    public StoredValue? Get(NodeId key, DateTimeOffset now)
    {
        lock (Gate)
        {
            return Shard.TryGet(key, now, out var value) ? value : null;
        }
    }

    /// <summary>Whether a put is refused already by what is committed and under way.</summary>
    public StoreResult CheckPut(NodeId key, StoredValue value, PutKind kind)
    {
        lock (Gate)
        {
            return Shard.CheckPut(key, value, kind);
        }
    }

    public KeyStoreUsage GetUsage()
    {
        lock (Gate)
        {
            return new KeyStoreUsage(Shard.Count, Shard.Bytes);
        }
    }

    /// <summary>Has keys outside an area evicted first.</summary>
    public void SetArea(ResponsibleArea area)
    {
        bool isLeft;
        lock (Gate)
        {
            isLeft = Shard.SetArea(area, JudgedTogether);
        }

        while (isLeft)
        {
            lock (Gate)
            {
                isLeft = Shard.Judge(JudgedTogether);
            }
        }
    }

    /// <summary>All that is held, copied a part at a time: what changes meanwhile is seen if its part comes later.</summary>
    public IEnumerable<KeyValuePair<NodeId, StoredValue>> Scan() => Enumerable.Range(0, Parts).SelectMany(Copy);

    private KeyValuePair<NodeId, StoredValue>[] Copy(int part)
    {
        lock (Gate)
        {
            return Shard.Copy(part);
        }
    }
}
