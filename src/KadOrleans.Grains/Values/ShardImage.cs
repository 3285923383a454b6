using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Grains.Values;

/// <summary>What is in a shard's storage, as memory knows it.</summary>
internal sealed class ShardImage(KeyShard shard, ShardManifestState manifest, string? manifestETag)
{
    private readonly HashSet<NodeId> _changed = [];

    // What the log came to since the fold that is under way took its picture.
    private readonly HashSet<NodeId> _changedSince = [];
    private long _bytesSince;
    private bool _isFolding;

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

    /// <summary>Takes over the log record that was written or read at <see cref="NextSequence"/>.</summary>
    public void Append(IEnumerable<ShardChange> changes, int bytes)
    {
        foreach (var change in changes)
        {
            change.ApplyTo(Shard);
            _changed.Add(change.Key);
            if (_isFolding)
            {
                _changedSince.Add(change.Key);
            }
        }

        LogBytes += bytes;
        _bytesSince += bytes;
        NextSequence++;
    }

    /// <summary>A fold takes its picture: what is appended from now on is not in it.</summary>
    public void BeginFold()
    {
        _isFolding = true;
        _changedSince.Clear();
        _bytesSince = 0;
    }

    /// <summary>A manifest was stored that differs only in its count of folds.</summary>
    public void Claimed(ShardManifestState manifest, string? etag) => (Manifest, ManifestETag) = (manifest, etag);

    /// <summary>A manifest was stored, by which these pages hold everything that was there at <see cref="BeginFold"/>.</summary>
    public void Folded(ShardManifestState manifest, string? etag, IReadOnlyCollection<ShardPage> pages)
    {
        Claimed(manifest, etag);
        Pages.Clear();
        Pages.AddRange(pages);
        _changed.Clear();
        _changed.UnionWith(_changedSince);
        LogBytes = _bytesSince;
        _isFolding = false;
    }
}
