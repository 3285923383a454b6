using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Values;

/// <summary>
/// What a value takes of a <see cref="StoreQuota"/>. Protected ones are never evicted. Others may say themselves that the node is not
/// responsible for their key.
/// </summary>
internal readonly record struct StoreShare(SourceNetwork Source, int Footprint, bool IsProtected, bool IsMarkedFar)
{
    public static StoreShare Of(StoredValue value)
    {
        return new StoreShare(
            value.Source, value.Footprint, value.Source.IsTrusted || value.PublishedAt is not null, value.IsFar);
    }
}

/// <summary>A key that has to go so that another one has room.</summary>
internal readonly record struct EvictedKey(NodeId Key, bool IsFar);
