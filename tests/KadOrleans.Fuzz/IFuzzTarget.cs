namespace KadOrleans.Fuzz;

/// <summary>Something that strangers' datagrams reach.</summary>
internal interface IFuzzTarget
{
    /// <summary>Its name in reports.</summary>
    string Name { get; }

    /// <summary>
    /// Feeds it one datagram and checks what must hold afterwards. Returns whether the datagram meant anything.
    /// Whatever it throws is a failure.
    /// </summary>
    bool Run(ReadOnlySpan<byte> datagram);
}
