namespace KadOrleans.Node;

/// <summary>Keeps what a node knows of its clock (<see cref="ClockRecord"/>) with its values.</summary>
internal interface IClockStore
{
    /// <summary>What was kept last; null if nothing was, or if it is unreadable.</summary>
    ClockRecord? Load();

    /// <summary>
    /// From now on what <paramref name="read"/> returns is written whenever it is another object than before, in the transaction of the next
    /// write: a value is never durable without the clock that stamped it. It is called by the writer's thread, and must be quick.
    /// </summary>
    void Use(Func<ClockRecord> read);
}
