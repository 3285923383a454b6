namespace KadOrleans.Storage.Sqlite.Writing;

/// <summary>Something to be written, and whoever waits for it.</summary>
internal abstract class Write
{
    /// <summary>Adds to the plan what this changes. Called again for no other batch.</summary>
    public abstract void Plan(BatchPlan plan);

    /// <summary>Tells the waiter that the batch is committed.</summary>
    public abstract void Complete();

    /// <summary>Tells the waiter that nothing of the batch was written.</summary>
    public abstract void Fail(Exception cause);
}
