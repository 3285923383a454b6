using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace KadOrleans.Lab;

/// <summary><c>kad node</c> as a process that has said where it listens.</summary>
public sealed partial class NodeProcess : IAsyncDisposable
{
    private static readonly HttpClient Http = new();

    private NodeProcess(ChildProcess process, string address, string id) => (Process, Address, Id) = (process, address, id);

    public ChildProcess Process { get; }

    public string Address { get; }

    public string Id { get; }

    public string HttpAddress => HttpOf(Process);

    /// <summary>IP:PORT of a node's pages; empty before it has said so.</summary>
    public static string HttpOf(ChildProcess process) => HttpPattern().Match(process.Error.Text).Groups[1].Value;

    /// <summary>Starts a node on a free loopback port, with its status pages on another.</summary>
    public static Task<NodeProcess> StartAsync(params string[] args) => StartAsync(new Dictionary<string, string>(), args);

    public static async Task<NodeProcess> StartAsync(IReadOnlyDictionary<string, string> variables, params string[] args)
    {
        var process = KadProcess.Start(variables, ["node", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", .. args]);
        try
        {
            var line = await process.NextLineAsync();
            if (line.Split(' ') is not ["listening", "udp", var address, "id", var id])
            {
                throw new InvalidOperationException($"kad node said '{line}', not where it listens.");
            }

            var node = new NodeProcess(process, address, id);
            await Eventually.ReadAsync(() => Task.FromResult(node.HttpAddress), http => http.Length > 0);
            return node;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public async Task<HttpStatusCode> HealthAsync(string which)
    {
        using var answer = await Http.GetAsync(new Uri($"http://{HttpAddress}/health/{which}"));
        return answer.StatusCode;
    }

    public async Task<(HttpStatusCode Code, string Body)> AskAsync(string page, string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://{HttpAddress}{page}"));
        request.Headers.Host = host;
        using var answer = await Http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    public async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPEndPoint.Parse(HttpAddress));
        return socket;
    }

    public async Task<JsonNode> StatusAsync() =>
        JsonNode.Parse(await Http.GetStringAsync(new Uri($"http://{HttpAddress}/status")))!;

    public async Task HasContactsAsync(int count) =>
        await Eventually.ReadAsync(StatusAsync, status => status["contacts"]!.GetValue<int>() == count);

    public Task<int> StopAsync() => Process.StopAsync();

    public ValueTask DisposeAsync() => Process.DisposeAsync();

    [GeneratedRegex(@"http://([0-9.]+:[0-9]+)")]
    private static partial Regex HttpPattern();
}

public static class KadProcess
{
    public static ChildProcess Start(params string[] args) => ChildProcess.Start("kad", Environment.CurrentDirectory, args);

    public static ChildProcess Start(IReadOnlyDictionary<string, string> variables, params string[] args) =>
        ChildProcess.Start("kad", Environment.CurrentDirectory, variables, args, isAll: false);
}
