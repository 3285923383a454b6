namespace KadOrleans.Shards;

internal abstract class PendingWrite
{
    /// <summary>The most bytes that it needs in a log record.</summary>
    public abstract int Length { get; }

    /// <summary>Whether the result is valid only if memory equals storage.</summary>
    public virtual bool NeedsConfirmation => false;

    /// <summary>The value refused because its source had changed too many values of others.</summary>
    public virtual StoredValue? RefusedChange => null;

    /// <summary>The key whose held value the decision looks at; null if the index is enough.</summary>
    public virtual NodeId? Needs => null;

    public virtual bool IsSeal => false;

    /// <summary>Whether a record is written though nothing changes.</summary>
    public virtual bool NeedsRecord => false;

    // Decides the write's outcome after the changes planned so far, and plans it. Called again if another activation wrote first.
    public abstract void Decide(KeyShardPlan plan, DateTimeOffset now);

    public abstract void Succeed();

    public abstract void Fail();

    /// <summary>Fails the write, as too many wait.</summary>
    public virtual void Reject() => Fail();

    /// <summary>Fails the write with <see cref="LogSealedException"/>: the shard is being split, and its halves decide.</summary>
    public abstract void FailSealed();
}
