namespace KadOrleans.Storage.Sqlite.Writing;

/// <summary>Changes nothing; completes when everything before it has been committed or has failed.</summary>
internal sealed class FlushWrite : ResultWrite<bool>
{
    public override void Plan(BatchPlan plan) => Planned = true;

    public override void Fail(Exception cause) => End(false);
}
