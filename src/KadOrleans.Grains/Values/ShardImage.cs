using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Grains.Values;

/// <summary>What is in a shard's storage, as memory knows it.</summary>
internal sealed class ShardImage(KeyShard shard, ShardManifestState manifest, string? manifestETag)
{
    private readonly HashSet<NodeId> _changed = [];

    // What the log came to since the compaction that is under way took its picture.
    private readonly HashSet<NodeId> _changedSince = [];
    private long _bytesSince;
    private bool _isCompacting;

    /// <summary>The values: those of the pages, changed by the log.</summary>
    public KeyShard Shard { get; } = shard;

    /// <summary>The stored manifest.</summary>
    public ShardManifestState Manifest { get; private set; } = manifest;

    /// <summary>Its ETag; null if none was ever written.</summary>
    public string? ManifestETag { get; private set; } = manifestETag;

    /// <summary>The pages that the manifest names, oldest first.</summary>
    public List<ShardPage> Pages { get; } = [];

    /// <summary>Where the next log record goes.</summary>
    public long NextSequence { get; private set; } = manifest.FirstSequence;

    /// <summary>Log records that are not in the pages.</summary>
    public int LogRecords => (int)(NextSequence - Manifest.FirstSequence);

    /// <summary>The length of their entries in bytes.</summary>
    public long LogBytes { get; private set; }

    /// <summary>The keys that they changed.</summary>
    public IReadOnlyCollection<NodeId> Changed => _changed;

    /// <summary>Takes over the content of a page: before those of the log.</summary>
    public void Add(ShardPage page, IEnumerable<ShardChange> changes)
    {
        Pages.Add(page);
        foreach (var change in changes)
        {
            change.ApplyTo(Shard);
        }
    }

    /// <summary>Takes over the log record that was read at <see cref="NextSequence"/>.</summary>
    public void Append(IReadOnlyList<ShardChange> changes, int bytes)
    {
        foreach (var change in changes)
        {
            change.ApplyTo(Shard);
        }

        Appended(changes, bytes);
    }

    /// <summary>Takes note of the log record that was written at <see cref="NextSequence"/>. Its changes are made.</summary>
    public void Appended(IReadOnlyList<ShardChange> changes, int bytes)
    {
        foreach (var change in changes)
        {
            _changed.Add(change.Key);
            if (_isCompacting)
            {
                _changedSince.Add(change.Key);
            }
        }

        LogBytes += bytes;
        _bytesSince += bytes;
        NextSequence++;
    }

    /// <summary>A compaction takes its picture: what is appended from now on is not in it.</summary>
    public void BeginCompaction()
    {
        _isCompacting = true;
        _changedSince.Clear();
        _bytesSince = 0;
    }

    /// <summary>A manifest was stored that differs only in its count of compactions.</summary>
    public void Claimed(ShardManifestState manifest, string? etag) => (Manifest, ManifestETag) = (manifest, etag);

    /// <summary>A manifest was stored, by which these pages hold everything that was there at <see cref="BeginCompaction"/>.</summary>
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

/// <summary>What memory knows of a stored page; its values are in the shard.</summary>
/// <param name="Slot">Which of the page records it is.</param>
/// <param name="Compaction">The compaction that wrote it.</param>
/// <param name="ETag">Of the record.</param>
/// <param name="Keys">The keys that it says something of.</param>
/// <param name="Bytes">The length of its entries.</param>
internal sealed record ShardPage(int Slot, long Compaction, string? ETag, NodeId[] Keys, int Bytes);

/// <summary>What one key comes to.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">Its value from now on; null if it is removed.</param>
internal readonly record struct ShardChange(NodeId Key, StoredValue? Value)
{
    /// <summary>Makes the change in memory, whatever the quotas: they were asked when it was decided.</summary>
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
