using System.Diagnostics.CodeAnalysis;
using KadOrleans.Core;
using KadOrleans.Node;
using KadOrleans.Node.Local;

namespace KadOrleans.Simulation;

/// <summary>One real node in a <see cref="SimulatedWorld"/>; it can be killed, stopped and started again.</summary>
public sealed class SimulatedNode
{
    private readonly SimulatedWorld _world;
    private readonly Action<KadNodeOptions>? _configure;
    private readonly InMemoryNodeStateStore _states = new();
    private UdpEndpoint? _endpoint;

    internal SimulatedNode(SimulatedWorld world, Action<KadNodeOptions>? configure)
    {
        _world = world;
        _configure = configure;
    }

    /// <summary>The node itself, from the start on.</summary>
    [AllowNull]
    public KadNode Node { get; private set; }

    /// <summary>Its place on the network, from the start on.</summary>
    [AllowNull]
    public SimulatedTransport Transport { get; private set; }

    /// <summary>What it stores, from the start on.</summary>
    [AllowNull]
    internal InMemoryKeyStore Store { get; private set; }

    /// <summary>Its id.</summary>
    public NodeId Id => Node.Id;

    /// <summary>How others know it.</summary>
    public Contact Contact => new(Id, Transport.Endpoint);

    /// <summary>Starts the node, at its former address and with its former state if it ran before.</summary>
    public async Task StartAsync()
    {
        var options = new KadNodeOptions();
        _configure?.Invoke(options);
        Transport = _endpoint is null ? _world.Network.Bind() : _world.Network.Bind(_endpoint.Value);
        _endpoint = Transport.Endpoint;
        Store = new InMemoryKeyStore(options.Quota);
        Node = new KadNode(options, Transport, Store, _states, _world.Environment);
        await Node.StartAsync();
    }

    /// <summary>Stops the node in good order.</summary>
    public async Task StopAsync()
    {
        _world.Nodes.Remove(this);
        await Node.DisposeAsync();
    }

    /// <summary>The node falls silent without a word, as after a power cut.</summary>
    public async Task KillAsync()
    {
        Transport.IsCutOff = true;
        await StopAsync();
    }
}
