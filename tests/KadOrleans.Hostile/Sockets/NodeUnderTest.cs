using System.Globalization;
using System.Text.Json.Nodes;
using KadOrleans.Core;
using KadOrleans.Testing.Processes;

namespace KadOrleans.Hostile.Sockets;

/// <summary>A <c>kad node</c> as a process of its own, in the same sandbox.</summary>
internal sealed class NodeUnderTest : IAsyncDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);
    private static readonly HttpClient Http = new();

    private readonly ChildProcess _process;
    private readonly string _status;
    private readonly List<SocketPeer> _contacts = [];

    private NodeUnderTest(ChildProcess process, UdpEndpoint ipv4, UdpEndpoint ipv6, string status)
    {
        (_process, IPv4, IPv6, _status) = (process, ipv4, ipv6, status);
    }

    public UdpEndpoint IPv4 { get; }

    public UdpEndpoint IPv6 { get; }

    /// <param name="kad">Path of the command's assembly without its extension, or <c>kad</c> for the one of this build.</param>
    /// <param name="args">Further arguments.</param>
    public static async Task<NodeUnderTest> StartAsync(string kad, params string[] args)
    {
        var process = ChildProcess.Start(
            kad, Path.GetTempPath(), ["node", "--listen", "11.0.0.1:0", "--listen", "[2a0e:1::1]:0", "--http", "127.0.0.1:0", .. args]);
        var ipv4 = UdpEndpoint.Parse((await process.LineAsync("listening udp 11.")).Split(' ')[2]);
        var ipv6 = UdpEndpoint.Parse((await process.LineAsync("listening udp [")).Split(' ')[2]);
        var status = await EventuallyAsync(() => Task.FromResult(FindStatus(process)), text => text.Length > 0);
        return new NodeUnderTest(process, ipv4, ipv6, status);
    }

    /// <summary>Adds honest contacts, each in a /24 of its own, and waits until the node knows them all.</summary>
    public async Task AddContactsAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var peer = new SocketPeer(UdpEndpoint.FromIPv4(0x0B10_0001 + ((uint)_contacts.Count << 8), 7_000)) { AnswersPings = true };
            _contacts.Add(peer);
            peer.Ping(IPv4);
        }

        await EventuallyAsync(async () => (await StatusAsync())["contacts"]!.GetValue<int>(), known => known >= _contacts.Count);
    }

    public async Task<JsonNode> StatusAsync() => JsonNode.Parse(await Http.GetStringAsync(new Uri(_status)))!;

    /// <summary>Keys that it holds.</summary>
    public async Task<long> KeysAsync() => FindNumber(await StatusAsync(), "keys");

    /// <summary>Bytes of memory that are its own.</summary>
    public long ResidentBytes =>
        long.Parse(
            File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith("VmRSS", StringComparison.Ordinal))
                .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture) * 1024;

    /// <summary>Processor time that it has used.</summary>
    public TimeSpan Cpu
    {
        get
        {
            // Behind the name in parentheses; in hundredths of a second.
            var fields = File.ReadAllText($"/proc/{_process.Id}/stat").Split(") ")[1].Split(' ');
            return TimeSpan.FromMilliseconds(10 * (
                long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)));
        }
    }

    /// <summary>Descriptors that it has open.</summary>
    public int Descriptors => Directory.GetFiles($"/proc/{_process.Id}/fd").Length;

    /// <summary>Lines that it has logged.</summary>
    public int LogLines => _process.Error.All.Count;

    /// <summary>What it has logged.</summary>
    public string Log => _process.Error.Text;

    /// <summary>Datagrams that the kernel dropped, as the node did not read them in time.</summary>
    public static long KernelDrops() => new[] { "/proc/net/udp", "/proc/net/udp6" }
        .SelectMany(File.ReadLines)
        .Where(line => line.Contains(':', StringComparison.Ordinal))
        .Sum(line => long.Parse(line.TrimEnd().Split(' ')[^1], CultureInfo.InvariantCulture));

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        foreach (var contact in _contacts)
        {
            contact.Dispose();
        }
    }

    /// <summary>Waits until something is so.</summary>
    public static async Task<T> EventuallyAsync<T>(Func<Task<T>> read, Func<T, bool> isSo)
    {
        using var deadline = new CancellationTokenSource(Longest);
        using var timer = new PeriodicTimer(Interval);
        while (true)
        {
            var value = await read();
            if (isSo(value))
            {
                return value;
            }

            await timer.WaitForNextTickAsync(deadline.Token);
        }
    }

    /// <summary>Where a node says that it serves its status; empty before it has said so.</summary>
    public static string FindStatus(ChildProcess process)
    {
        var words = process.Error.Text.Split([' ', '\n', ',', ';']);
        return words.FirstOrDefault(word => word.StartsWith("http://127.", StringComparison.Ordinal)) is { } address
            ? $"{address.TrimEnd('.', '/')}/status"
            : string.Empty;
    }

    private static long FindNumber(JsonNode node, string name) => node[name] is JsonValue value
        ? value.GetValue<long>()
        : node.AsObject().Select(pair => pair.Value).OfType<JsonObject>()
            .Select(child => child[name]).OfType<JsonValue>().Select(child => child.GetValue<long>()).FirstOrDefault(-1);
}
