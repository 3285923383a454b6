using KadOrleans.Core;
using KadOrleans.Node.Ports;

namespace KadOrleans.PortContracts;

/// <summary>Node states for the contracts.</summary>
public static class NodeStates
{
    /// <summary>A state with contacts of both address families, in an order that sorting would change.</summary>
    public static NodeState WithContacts { get; } = new(
        NodeId.FromKey("node"),
        [
            new Contact(NodeId.MaxValue, UdpEndpoint.Parse("[2001:db8::ffff]:65535")),
            new Contact(NodeId.FromKey("b"), UdpEndpoint.Parse("192.0.2.200:1")),
            new Contact(NodeId.MinValue, UdpEndpoint.Parse("[::1]:8468")),
            new Contact(NodeId.FromKey("a"), UdpEndpoint.Parse("255.255.255.254:8468")),
        ]);

    public static NodeState WithoutContacts { get; } = new(NodeId.MinValue, []);

    /// <summary>Holds two states against each other, contacts in order.</summary>
    public static void AssertEqual(NodeState expected, NodeState? actual)
    {
        Assert.NotNull(actual);
        Assert.Equal(expected.Id, actual.Id);
        Assert.Equal(expected.Contacts, actual.Contacts);
    }
}
