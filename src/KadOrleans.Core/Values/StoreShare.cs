using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Values;

/// <summary>What a value takes of a <see cref="StoreQuota"/>.</summary>
/// <param name="Source">Whom it is counted against.</param>
/// <param name="Footprint">Its size, in bytes; see <see cref="StoredValue.Footprint"/>.</param>
/// <param name="IsProtected">Whether it is never evicted.</param>
/// <param name="IsMarkedFar">Whether it says itself that the node is not responsible for its key.</param>
internal readonly record struct StoreShare(SourceNetwork Source, int Footprint, bool IsProtected, bool IsMarkedFar)
{
    /// <summary>What a value takes.</summary>
    public static StoreShare Of(StoredValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return new StoreShare(
            value.Source, value.Footprint, value.Source.IsTrusted || value.PublishedAt is not null, value.IsFar);
    }
}

/// <summary>A key that has to go so that another one has room.</summary>
/// <param name="Key">The key.</param>
/// <param name="IsFar">Whether the node is not responsible for it.</param>
internal readonly record struct EvictedKey(NodeId Key, bool IsFar);
