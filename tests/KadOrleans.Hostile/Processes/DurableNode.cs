using System.Net;
using System.Text.Json.Nodes;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Hostile.Sockets;
using KadOrleans.Node;
using KadOrleans.Simulation.Attackers;
using KadOrleans.Testing.Processes;

namespace KadOrleans.Hostile.Processes;

/// <summary>A <c>kad node</c> on loopback with a folder of its own, and a peer that stores at it and asks it.</summary>
internal sealed class DurableNode : IAsyncDisposable
{
    private static readonly HttpClient Http = new();

    private readonly ForgedRequests _requests = new(new CryptographicRandomSource());
    private readonly SocketPeer _peer = new(UdpEndpoint.Parse("127.0.0.1:0")) { AnswersPings = true };
    private readonly ChildProcess _process;
    private readonly UdpEndpoint _endpoint;
    private readonly string _http;

    private DurableNode(ChildProcess process, UdpEndpoint endpoint, string http)
    {
        (_process, _endpoint, _http) = (process, endpoint, http);
    }

    /// <summary>What it has logged.</summary>
    public string Log => _process.Error.Text;

    /// <summary>Starts it.</summary>
    public static async Task<DurableNode> StartAsync(string folder)
    {
        var process = ChildProcess.Start(
            "kad", folder, "node", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data", folder);
        var endpoint = UdpEndpoint.Parse((await process.LineAsync("listening udp ")).Split(' ')[2]);
        var status = await NodeUnderTest.EventuallyAsync(
            () => Task.FromResult(NodeUnderTest.FindStatus(process)), text => text.Length > 0);
        return new DurableNode(process, endpoint, new Uri(status).GetLeftPart(UriPartial.Authority));
    }

    /// <summary>STOREs values one after another; how many were acknowledged.</summary>
    public async Task<int> StoreAsync(IEnumerable<NodeId> keys, TimeSpan wait)
    {
        var before = _peer.Stored;
        foreach (var key in keys)
        {
            var known = _peer.Stored + _peer.Refused;
            _peer.Send(_requests.Store(key, ValueOf(key)), _endpoint);
            using var patience = new CancellationTokenSource(wait);
            await UntilAsync(() => _peer.Stored + _peer.Refused > known, patience.Token);
        }

        return _peer.Stored - before;
    }

    /// <summary>How many of these keys it has the right value of, and of how many a wrong one.</summary>
    public async Task<(int Right, int Wrong)> ReadAsync(IEnumerable<NodeId> keys)
    {
        var (right, wrong) = (0, 0);
        foreach (var key in keys)
        {
            var found = _peer.Found;
            _peer.ForgetValue();
            _peer.Send(_requests.FindValue(key), _endpoint);
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            await UntilAsync(() => _peer.Found > found, patience.Token);
            right += _peer.Value == ValueOf(key).AsString() ? 1 : 0;
            wrong += _peer.Value is { } value && value != ValueOf(key).AsString() ? 1 : 0;
        }

        return (right, wrong);
    }

    /// <summary>The status of a page, asked under a host name.</summary>
    public async Task<HttpStatusCode> GetAsync(string path, string? host = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_http + path));
        request.Headers.Host = host;
        using var response = await Http.SendAsync(request);
        return response.StatusCode;
    }

    /// <summary>What /status says.</summary>
    public async Task<JsonNode> StatusAsync() => JsonNode.Parse(await Http.GetStringAsync(new Uri(_http + "/status")))!;

    /// <summary>SIGTERM, and its exit code.</summary>
    public Task<int> StopAsync() => _process.StopAsync();

    public async ValueTask DisposeAsync()
    {
        _peer.Dispose();
        await _process.DisposeAsync();
    }

    // Long enough that a flipped bit is more likely in a value than in what holds the file together.
    private static DhtValue ValueOf(NodeId key) => DhtValue.FromString(string.Concat(Enumerable.Repeat(key.ToString(), 10)));

    private static async Task UntilAsync(Func<bool> isSo, CancellationToken patience)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        try
        {
            while (!isSo())
            {
                await timer.WaitForNextTickAsync(patience);
            }
        }
        catch (OperationCanceledException)
        {
            // Whoever asked looks at what came.
        }
    }
}
