using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Grains.Values;

/// <summary>A shard's storage, as memory knows it.</summary>
internal sealed class ShardImage(KeyShard shard, ShardManifestState manifest, string? manifestETag)
{
    private readonly HashSet<NodeId> _changed = [];

    // The keys that the log changed since the running compaction began.
    private readonly HashSet<NodeId> _changedSince = [];
    private long _bytesSince;
    private bool _isCompacting;

    /// <summary>The values of the pages with the changes of the log.</summary>
    public KeyShard Shard { get; } = shard;

    /// <summary>Their keys in order.</summary>
    public ShardKeys Keys { get; } = new(shard);

    /// <summary>The changes of the keys since the first caller asked for them. Null before.</summary>
    public KeyHistory? History { get; set; }

    /// <summary>The stored manifest.</summary>
    public ShardManifestState Manifest { get; private set; } = manifest;

    /// <summary>The manifest's ETag. Null if it was never written.</summary>
    public string? ManifestETag { get; private set; } = manifestETag;

    /// <summary>The pages that the manifest names, oldest first.</summary>
    public List<ShardPage> Pages { get; } = [];

    /// <summary>The sequence of the next log record.</summary>
    public long NextSequence { get; private set; } = manifest.FirstSequence;

    /// <summary>The number of log records that are not in the pages.</summary>
    public int LogRecords => (int)(NextSequence - Manifest.FirstSequence);

    /// <summary>The bytes of their entries.</summary>
    public long LogBytes { get; private set; }

    /// <summary>The keys that these records change.</summary>
    public IReadOnlyCollection<NodeId> Changed => _changed;

    /// <summary>Adds the content of a page. Call it before the log's records are appended.</summary>
    public void Add(ShardPage page, IEnumerable<ShardChange> changes)
    {
        Pages.Add(page);
        foreach (var change in changes)
        {
            change.ApplyTo(Shard);
        }
    }

    /// <summary>Adds the log record that was read at <see cref="NextSequence"/>.</summary>
    public void Append(IReadOnlyList<ShardChange> changes, int bytes)
    {
        foreach (var change in changes)
        {
            change.ApplyTo(Shard);
        }

        Appended(changes, bytes);
    }

    /// <summary>Notes the log record that was written at <see cref="NextSequence"/>. Its changes are already in memory.</summary>
    public void Appended(IReadOnlyList<ShardChange> changes, int bytes)
    {
        foreach (var change in changes)
        {
            _changed.Add(change.Key);
            Keys.Note(change.Key);
            History?.Note(change.Key);
            if (_isCompacting)
            {
                _changedSince.Add(change.Key);
            }
        }

        LogBytes += bytes;
        _bytesSince += bytes;
        NextSequence++;
    }

    /// <summary>Marks the start of a compaction. Later records are not part of it.</summary>
    public void BeginCompaction()
    {
        _isCompacting = true;
        _changedSince.Clear();
        _bytesSince = 0;
    }

    /// <summary>Notes a stored manifest that differs only in its count of compactions.</summary>
    public void Claimed(ShardManifestState manifest, string? etag) => (Manifest, ManifestETag) = (manifest, etag);

    /// <summary>Notes a stored manifest whose pages hold everything up to <see cref="BeginCompaction"/>.</summary>
    public void Compacted(ShardManifestState manifest, string? etag, IReadOnlyCollection<ShardPage> pages)
    {
        Claimed(manifest, etag);
        Pages.Clear();
        Pages.AddRange(pages);
        _changed.Clear();
        _changed.UnionWith(_changedSince);
        LogBytes = _bytesSince;
        _isCompacting = false;
    }
}

/// <summary>A stored page, as memory knows it. Its values are in the shard.</summary>
/// <param name="Slot">Which of the page records it is.</param>
/// <param name="Compaction">The compaction that wrote it.</param>
/// <param name="ETag">Of the record.</param>
/// <param name="Keys">The keys that it sets or removes.</param>
/// <param name="Bytes">The length of its entries.</param>
internal sealed record ShardPage(int Slot, long Compaction, string? ETag, NodeId[] Keys, int Bytes);

/// <summary>A change of one key.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">Its new value. Null if it is removed.</param>
internal readonly record struct ShardChange(NodeId Key, StoredValue? Value)
{
    /// <summary>Makes the change in memory. Quotas were checked when it was decided.</summary>
    public void ApplyTo(KeyShard shard)
    {
        if (Value is null)
        {
            shard.Remove(Key);
        }
        else
        {
            shard.Restore(Key, Value);
        }
    }
}
