namespace KadOrleans.Lab;

/// <summary>
/// Lies about contacts, with each answer in another way. It answers pings, so that it stays in everybody's table.
/// </summary>
internal sealed class Liar(
    NodeId id,
    SimulatedTransport transport,
    SeededRandomSource random,
    IReadOnlyList<Contact> nodes,
    IReadOnlyList<Contact> liars)
    : ScriptedPeer(id, transport)
{
    private const int Contacts = 20;

    private static readonly Lie[] Lies = Enum.GetValues<Lie>();

    private int _answers;

    protected override Contact[] Name(NodeId target)
    {
        var lie = Lies[_answers % Lies.Length];
        _answers++;
        var count = lie == Lie.TooMany ? ResponseWriter.MaxContacts : Contacts;
        return [.. Enumerable.Range(0, count).Select(i => Invent(lie, target, i))];
    }

    private Contact Invent(Lie lie, NodeId target, int index) => lie switch
    {
        Lie.WrongIds => new Contact(Near(target, 24), nodes[random.Next(nodes.Count)].Endpoint),
        Lie.OwnAddress => new Contact(Near(target, 24), Contact.Endpoint),
        Lie.ImpossibleAddresses => new Contact(Near(target, 24), Impossible(index)),
        Lie.TooMany => new Contact(Near(target, 8), UdpEndpoint.FromIPv4((uint)random.Next(int.MaxValue), 8468)),
        _ => new Contact(Near(target, Math.Min(24 + _answers, 150)), liars[random.Next(liars.Count)].Endpoint),
    };

    private NodeId Near(NodeId target, int sharedBits) => target.RandomWithPrefix(sharedBits, random);

    private static UdpEndpoint Impossible(int index) => (index % 6) switch
    {
        0 => UdpEndpoint.FromIPv4(0x0A00_0001 + (uint)index, 8468),
        1 => UdpEndpoint.FromIPv4(0xC0A8_0001 + (uint)index, 8468),
        2 => UdpEndpoint.FromIPv4(0x7F00_0001, (ushort)(8468 + index)),
        3 => UdpEndpoint.FromIPv4(0xE000_0001 + (uint)index, 8468),
        4 => UdpEndpoint.FromIPv4((uint)index, 8468),
        _ => UdpEndpoint.FromIPv4(0x0B00_0001 + (uint)index, 0),
    };
}

/// <summary>What a <see cref="Liar"/> answers a FIND_NODE or FIND_VALUE with.</summary>
internal enum Lie
{
    WrongIds,

    OwnAddress,

    /// <summary>Addresses that no node has: private, loopback, multicast, unspecified, port 0.</summary>
    ImpossibleAddresses,

    TooMany,

    /// <summary>Other liars under ids that are nearer to the target with each answer.</summary>
    AlwaysCloser,
}
