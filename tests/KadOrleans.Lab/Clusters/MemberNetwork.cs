namespace KadOrleans.Lab;

/// <summary>
/// A bridge of Linux in a network namespace, and for each member of a cluster a namespace of its own that is joined to it. Between two of them
/// packets can be dropped, of connections that are open too, and nobody is told.
/// </summary>
public sealed class MemberNetwork : IAsyncDisposable
{
    /// <summary>The addresses of all members, the database and this process.</summary>
    public const string Range = "10.99.0.0/24";

    private const string Bridge = "kad0";
    private const string InsideVariable = "KAD_LAB_NETWORK";
    private const byte FirstMember = 11;

    // What is done in the bridge's own namespace comes from the first address.
    private static readonly IPAddress Own = AddressOf(1);

    private readonly List<ChildProcess> _holders = [];
    private readonly IReadOnlyList<string> _inside;

    private MemberNetwork(IReadOnlyList<string> inside)
    {
        _inside = inside;
        Database = new MemberHost(AddressOf(2), inside);
    }

    /// <summary>Whether this process was started by <see cref="RunAgainAsync"/>.</summary>
    public static bool IsInside => Environment.GetEnvironmentVariable(InsideVariable) is not null;

    /// <summary>A second address of the bridge's namespace: who is cut off from a database there still reaches what has the first one.</summary>
    public MemberHost Database { get; }

    /// <summary>Why no such network can be made here, in a sentence; null if it can.</summary>
    public static async Task<string?> WhyNotAsync()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            return "Networks of namespaces need Linux and root.";
        }

        const string Try =
            $"ip link add {Bridge} type bridge && ip link add m0 type veth peer name m1 && iptables -w -I INPUT -s 10.99.0.9 -j DROP && nsenter --version";
        try
        {
            await RunAsync(["unshare", "--net", "sh", "-c", Try]);
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return $"No network of namespaces can be made here: {e.Message}";
        }
    }

    /// <summary>
    /// Runs this process's command line in a namespace that ends with the last process in it, and returns its exit code. Not as a mapped root, as
    /// <see cref="Sandbox"/> does it: a server of PostgreSQL is started as another user.
    /// </summary>
    public static async Task<int> RunAgainAsync(CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(
            "unshare",
            [
                "--net", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh",
                "dotnet", typeof(MemberNetwork).Assembly.Location, .. Environment.GetCommandLineArgs()[1..],
            ])
        {
            UseShellExecute = false,
            Environment = { [InsideVariable] = "1" },
        };
        using var process = Process.Start(start)!;
        using var ending = cancellationToken.Register(() => Process.Start("kill", ["-TERM", $"{process.Id}"])?.Dispose());
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }

    /// <summary>Makes the bridge in a namespace that a command enters; without one in this process's own.</summary>
    public static async Task<MemberNetwork> CreateAsync(params IReadOnlyList<string> inside)
    {
        var network = new MemberNetwork(inside);
        await RunAsync([.. inside, "ip", "link", "add", Bridge, "type", "bridge"]);
        await RunAsync([.. inside, "ip", "addr", "add", $"{Own}/24", "dev", Bridge]);
        await RunAsync([.. inside, "ip", "addr", "add", $"{network.Database.Address}/24", "dev", Bridge]);
        await RunAsync([.. inside, "ip", "link", "set", Bridge, "up"]);
        return network;
    }

    /// <summary>Makes a namespace for one more member, whose processes are started in it.</summary>
    public async Task<MemberHost> AddAsync()
    {
        var holder = await HoldAsync();
        _holders.Add(holder);
        var (name, address) = ($"kad{_holders.Count}", AddressOf((byte)(FirstMember + _holders.Count - 1)));
        var inside = EnterAs(holder);
        await RunAsync([.. _inside, "ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", $"{holder.Id}"]);
        await RunAsync([.. _inside, "ip", "link", "set", name, "master", Bridge, "up"]);
        await RunAsync([.. inside, "sh", "-c", $"ip link set lo up && ip addr add {address}/24 dev eth0 && ip link set eth0 up"]);
        return new MemberHost(address, inside);
    }

    /// <summary>A process that holds a new namespace while nothing else is in it. It ends with its input, of which this process has the other end.</summary>
    public static async Task<ChildProcess> HoldAsync()
    {
        var holder = ChildProcess.Start(new ProcessStartInfo("unshare", ["--net", "sh", "-c", "echo ready; exec cat"]) { UseShellExecute = false });
        await holder.LineAsync("ready");
        return holder;
    }

    /// <summary>The command that starts what follows it in the namespace of a process.</summary>
    public static IReadOnlyList<string> EnterAs(ChildProcess holder) => ["nsenter", $"--net=/proc/{holder.Id}/ns/net", "--"];

    /// <summary>Drops all packets between two members from now on.</summary>
    public static async Task CutAsync(MemberHost one, MemberHost other)
    {
        await RunAsync(Rule("-I", one, other));
        await RunAsync(Rule("-I", other, one));
    }

    /// <summary>Ends a cut, and returns how many packets it dropped.</summary>
    public static async Task<long> JoinAsync(MemberHost one, MemberHost other)
    {
        var dropped = await CountDroppedAsync(one, other) + await CountDroppedAsync(other, one);
        await RunAsync(Rule("-D", one, other));
        await RunAsync(Rule("-D", other, one));
        return dropped;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var holder in _holders)
        {
            await holder.DisposeAsync();
        }

        await RunAsync([.. _inside, "ip", "link", "del", Bridge]);
    }

    // Where they arrive: a sender that drops its own packets would be told.
    private static string[] Rule(string action, MemberHost at, MemberHost from) =>
        [.. at.Inside, "iptables", "-w", action, "INPUT", "-s", $"{from.Address}", "-d", $"{at.Address}", "-j", "DROP"];

    // The first column of the rule's line is its packets.
    private static async Task<long> CountDroppedAsync(MemberHost at, MemberHost from) =>
        (await RunAsync([.. at.Inside, "iptables", "-w", "-nvxL", "INPUT"])).Split('\n')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Contains("DROP") && words.Contains($"{from.Address}") && words.Contains($"{at.Address}"))
            .Sum(words => long.Parse(words[0], CultureInfo.InvariantCulture));

    private static IPAddress AddressOf(byte last) => new([10, 99, 0, last]);

    /// <exception cref="InvalidOperationException">It failed.</exception>
    private static async Task<string> RunAsync(string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? await output
            : throw new InvalidOperationException($"{string.Join(' ', command)} ended with {process.ExitCode}: {(await errors).Trim()}");
    }
}

/// <summary>Where a process runs: its address, and the command that starts another one in its network namespace.</summary>
public sealed record MemberHost(IPAddress Address, IReadOnlyList<string> Inside)
{
    /// <summary>This process's own namespace, on loopback.</summary>
    public static MemberHost Local { get; } = new(IPAddress.Loopback, []);

    /// <summary>The addresses that such processes come from.</summary>
    public string Range => IPAddress.IsLoopback(Address) ? "127.0.0.0/8" : MemberNetwork.Range;
}
