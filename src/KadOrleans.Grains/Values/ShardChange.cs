using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Grains.Values;

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
