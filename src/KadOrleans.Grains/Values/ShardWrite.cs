namespace KadOrleans.Grains.Values;

/// <summary>One put or removal that waits for storage.</summary>
internal abstract class ShardWrite
{
    /// <summary>What it takes of a log record at most, in bytes.</summary>
    public abstract int Length { get; }

    /// <summary>Decides what becomes of it, again if another activation wrote in between.</summary>
    public abstract void Decide(ShardPlan plan);

    /// <summary>What was decided is in storage, or changes nothing.</summary>
    public abstract void Confirm();

    /// <summary>Storage failed.</summary>
    public abstract void Fail();
}
