using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;

namespace KadOrleans.Storage.Sqlite;

/// <summary>
/// All committed values of the file, in memory. Many threads read. Only the writer changes it, so only the writer may read without the
/// lock.
/// </summary>
internal sealed class ValueMemory(StoreQuota quota)
{
    // The number of tables. Growing or copying a small one delays readers less than one of a million keys would.
    private const int Parts = 1024;

    // The most values judged at a time. Readers wait meanwhile.
    private const int JudgedTogether = 4096;

    /// <summary>Guards <see cref="Shard"/>.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The values. The place of each is the slot of its record's segment.</summary>
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

    /// <summary>Checks a put against the committed and pending values.</summary>
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

    /// <summary>Sets the area outside which keys are evicted first.</summary>
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

    /// <summary>All values, copied a part at a time. A change meanwhile shows if its part is copied later.</summary>
    public IEnumerable<KeyValuePair<NodeId, StoredValue>> Scan() => Enumerable.Range(0, Parts).SelectMany(Copy);

    private KeyValuePair<NodeId, StoredValue>[] Copy(int part)
    {
        lock (Gate)
        {
            return Shard.Copy(part);
        }
    }
}
