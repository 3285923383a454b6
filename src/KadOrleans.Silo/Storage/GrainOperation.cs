namespace KadOrleans.Silo.Storage;

/// <summary>Something to be done by the one thread that has the file, and whoever waits for it.</summary>
internal abstract class GrainOperation
{
    /// <summary>Whether it needs a transaction. What does not sees committed rows alone.</summary>
    public abstract bool IsWrite { get; }

    /// <summary>Bytes it adds to a transaction, roughly.</summary>
    public virtual int Size => 0;

    /// <summary>Does it; what it throws fails this operation alone.</summary>
    public abstract void Run(GrainStatements statements);

    /// <summary>Tells the waiter how it went: what it did is committed.</summary>
    public abstract void Complete();

    /// <summary>Tells the waiter that nothing of it was done.</summary>
    public abstract void Fail(Exception cause);
}
