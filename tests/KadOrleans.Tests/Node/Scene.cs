using Microsoft.Extensions.Logging;

namespace KadOrleans.Tests.Node;

/// <summary>What a simulated network leaves out.</summary>
internal static class Without
{
    /// <summary>Tables change by what a test does alone.</summary>
    public static void Walks(KadNodeOptions options) => options.RandomWalk = new RandomWalkOptions { AutoRefresh = false };
}

internal static class Scene
{
    public static RawPeer AddAnsweringPeer(this SimulatedWorld world)
    {
        var peer = world.AddPeer();
        peer.OnRequest = peer.AnswerPings;
        return peer;
    }

    /// <summary>Answers as a node that takes every value and has these contacts.</summary>
    public static RawPeer.Answerer Naming(this RawPeer peer, params Contact[] contacts) => (request, id, answer) => request.Kind switch
    {
        RequestKind.Ping => ResponseWriter.WritePong(answer, id, peer.Id),
        RequestKind.Store => ResponseWriter.WriteStored(answer, id, true),
        RequestKind.FindNode or RequestKind.FindValue => ResponseWriter.WriteNodes(answer, id, contacts),
        _ => 0,
    };

    /// <summary>Starts a node that is not one of the world's. Stores that are not given are in memory.</summary>
    public static async Task<KadNode> StartAsync(
        this SimulatedWorld world,
        Action<KadNodeOptions>? configure = null,
        IKeyStore? store = null,
        INodeStateStore? states = null,
        IPublicationStore? publications = null,
        IManagementStore? management = null,
        IDatagramTransport? transport = null,
        ILoggerFactory? log = null,
        NodeEnvironment? environment = null,
        IClockStore? clocks = null)
    {
        var options = new KadNodeOptions();
        configure?.Invoke(options);
        environment ??= log is null ? world.Environment : world.Environment with { LoggerFactory = log };
        var node = new KadNode(
            options,
            transport ?? world.Network.Bind(),
            store ?? new InMemoryKeyStore(options.Quota, world.Environment.CreateChecks()),
            states ?? new InMemoryNodeStateStore(),
            environment,
            publications,
            management,
            clocks: clocks);
        await node.StartAsync();
        return node;
    }
}

/// <summary>Keeps what was logged. Safe for several threads.</summary>
internal sealed class RecordingLog : ILoggerFactory, ILoggerProvider, ILogger
{
    // Guards itself.
    private readonly List<(LogLevel Level, int Id, string Text, Exception? Exception)> _events = [];

    /// <summary>What was logged until now.</summary>
    public List<(LogLevel Level, int Id, string Text, Exception? Exception)> Events
    {
        get
        {
            lock (_events)
            {
                return [.. _events];
            }
        }
    }

    public Action OnFailure { get; init; } = () => { };

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("This log goes nowhere else.");

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_events)
        {
            _events.Add((logLevel, eventId.Id, formatter(state, exception), exception));
        }

        if (exception is not null)
        {
            OnFailure();
        }
    }

    public void Dispose()
    {
        // Nothing is held.
    }
}
