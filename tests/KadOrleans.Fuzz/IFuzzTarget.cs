namespace KadOrleans.Fuzz;

/// <summary>Something that strangers' datagrams reach.</summary>
internal interface IFuzzTarget
{
    /// <summary>Its name in reports.</summary>
    string Name { get; }

    /// <summary>
    /// Forgets all that was, so that what follows depends on <paramref name="random"/> and the datagrams alone.
    /// </summary>
    void Begin(FuzzRandom random);

    /// <summary>
    /// Feeds it one datagram and checks what must hold afterwards. Returns whether the datagram meant anything.
    /// Whatever it throws is a failure.
    /// </summary>
    bool Run(ReadOnlySpan<byte> datagram);

    /// <summary>Checks what must hold when no more comes.</summary>
    void End();
}
