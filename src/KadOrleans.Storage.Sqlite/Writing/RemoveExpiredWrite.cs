using KadOrleans.Core;

namespace KadOrleans.Storage.Sqlite.Writing;

/// <summary>Keys that were found expired, to be removed if they still are. The result is how many were.</summary>
internal sealed class RemoveExpiredWrite(ReadOnlyMemory<NodeId> keys, DateTimeOffset now) : ResultWrite<int>
{
    public override void Plan(BatchPlan plan)
    {
        foreach (var key in keys.Span)
        {
            if (plan.RemoveExpired(key, now))
            {
                Planned++;
            }
        }
    }
}
