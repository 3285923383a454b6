using System.CommandLine;
using System.Diagnostics;
using KadOrleans.Cli;

namespace KadOrleans.Tests.Cli;

/// <summary>Every command of <c>kad</c>, by its own first example, before a standard output that takes nothing.</summary>
public sealed partial class BrokenOutputTests(ExampleNode node) : IClassFixture<ExampleNode>
{
    private const string Sentence = "The standard output cannot be written (No space left on device); what the command changed stays changed.";

    // A server, whose output is a courtesy, and a command that has no end of its own.
    private static readonly string[] Endless = ["node", "watch"];

    public static TheoryData<string, bool> Examples => [.. Commands(Root, string.Empty)
        .Where(command => command.Command.Action is not null && !Endless.Contains(command.Path))
        .SelectMany(command => command.Command.Options.Any(option => option.Name == "--json") ? new[] { false, true } : [false], (command, json) => (command.Path, json))];

    public static TheoryData<string> Paths => [.. Commands(Root, string.Empty).Select(command => command.Path)];

    private static ProgramCommand Root => KadCommand.Create(new CommandIo(() => Stream.Null, Stream.Null, TextWriter.Null));

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task A_result_that_cannot_be_printed_ends_a_command_with_1_and_a_sentence(string path, bool json)
    {
        var example = ((ExampleCommand)Commands(Root, string.Empty).Single(command => command.Path == path).Command).Examples[0];
        string[] args = [.. node.ArgumentsOf(example), .. json ? ["--json"] : Array.Empty<string>()];
        using var whole = new MemoryStream();
        await node.PrepareAsync();
        var (code, error) = await RunAsync(args, whole);
        Assert.DoesNotContain("Unexpected error", error, StringComparison.Ordinal);

        await node.PrepareAsync();
        var (brokenCode, brokenError) = await RunAsync(args, new FullStream());
        Assert.DoesNotContain("Unexpected error", brokenError, StringComparison.Ordinal);
        if (code != ExitCode.Done || whole.Length == 0)
        {
            // It has nothing to print, or a failure of its own to tell.
            Assert.Equal(code, brokenCode);
            return;
        }

        Assert.Equal((ExitCode.Failed, Sentence), (brokenCode, brokenError.Trim().Split('\n')[^1]));
    }

    [Fact]
    public async Task A_watch_that_cannot_be_printed_ends_so_too()
    {
        await node.PrepareAsync();
        Assert.Equal((ExitCode.Failed, Sentence), await RunAsync(["watch", "greeting", "--via", node.Address], new FullStream()));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Neither_can_a_help(string path) => Assert.Equal(
        (ExitCode.Failed, Sentence), await RunAsync([.. path.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"], new FullStream()));

    [Fact]
    public async Task Most_examples_can_be_run()
    {
        var done = 0;
        foreach (var (path, json) in Examples.Select(row => row.Data).Where(row => row.Item2))
        {
            var example = ((ExampleCommand)Commands(Root, string.Empty).Single(command => command.Path == path).Command).Examples[0];
            await node.PrepareAsync();
            var run = await KadRun.RunAsync([.. node.ArgumentsOf(example), "--json"]);
            done += run.ExitCode == ExitCode.Done ? 1 : 0;
        }

        // Those of a cluster alone cannot.
        Assert.InRange(done, 25, int.MaxValue);
    }

    [Theory]
    [InlineData(">/dev/full", "--help")]
    [InlineData(">/dev/full", "--version")]
    [InlineData(">/dev/full", "ping", "NODE", "--json")]
    [InlineData(">&-", "ping", "NODE", "--json")]
    [InlineData(">&-", "ping", "NODE")]
    [InlineData("limit", "ping", "NODE", "--json")]
    public async Task A_process_ends_so_too(string output, params string[] args)
    {
        using var folder = new TemporaryFolder();
        string[] own = [.. args.Select(arg => arg == "NODE" ? node.Address : arg)];
        var kad = $"dotnet {Path.Combine(AppContext.BaseDirectory, "kad.dll")} {string.Join(' ', own)}";
        var script = output switch
        {
            // As much as the runtime itself needs.
            "limit" => $"truncate -s 2G {folder["out"]}; ulimit -f 1000000; {kad} >> {folder["out"]}",
            _ => $"{kad} {output}",
        };
        await using var process = ChildProcess.Start(new ProcessStartInfo("sh", ["-c", script]));

        Assert.Equal(ExitCode.Failed, await process.FinishAsync());
        await process.ReadLineAsync();
        Assert.Matches(@"^The standard output cannot be written \(.+\); what the command changed stays changed\.$", process.Error.Text);
    }

    [Theory]
    [InlineData("ping", "NODE", "--json")]
    [InlineData("find-node", "356a192b7913b04c54574d18c28d46e6395428ab", "--via", "NODE")]
    public async Task A_process_whose_reader_has_left_ends_without_a_word(params string[] args)
    {
        using var folder = new TemporaryFolder();
        string[] own = [.. args.Select(arg => arg == "NODE" ? node.Address : arg)];

        // Its reader ends first.
        var kad = $"dotnet {Path.Combine(AppContext.BaseDirectory, "kad.dll")} {string.Join(' ', own)}";
        var script = $"mkfifo {folder["pipe"]}; exec 3<>{folder["pipe"]} 4>{folder["pipe"]} 3<&-; {kad} >&4";
        await using var process = ChildProcess.Start(new ProcessStartInfo("sh", ["-c", script]));

        Assert.Equal(ExitCode.Failed, await process.FinishAsync());
        Assert.Equal(string.Empty, process.Error.Text);
    }

    [Theory]
    [InlineData(191, "--in-memory", 192)]
    [InlineData(299, "--in-memory --http 0", 300)]
    public async Task A_node_that_may_open_too_few_files_says_so(int files, string options, int needed)
    {
        var script = $"ulimit -n {files}; exec dotnet {Path.Combine(AppContext.BaseDirectory, "kad.dll")} node --listen 127.0.0.1:0 {options}";
        await using var process = ChildProcess.Start(new ProcessStartInfo("sh", ["-c", script]));

        Assert.Equal(ExitCode.WrongUsage, await process.ExitAsync());
        await process.ReadLineAsync();
        Assert.Equal(
            $"This process may have {files} files open, and needs {needed}; raise the limit, as by ulimit -n {needed}, or by LimitNOFILE={needed} of a systemd unit.",
            process.Error.Text);
    }

    [Fact]
    public async Task A_node_with_few_files_survives_more_connections_than_it_may_have_open()
    {
        var port = FreePort.Tcp();
        var script = $"ulimit -n 400; exec dotnet {Path.Combine(AppContext.BaseDirectory, "kad.dll")} node --in-memory --listen 127.0.0.1:0 --http {port}";
        await using var process = ChildProcess.Start(new ProcessStartInfo("sh", ["-c", script]));
        await process.LineAsync("listening ");
        var connections = Enumerable.Range(0, 460).Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp)).ToList();
        try
        {
            // The oldest are closed for those that follow, some while they are being made.
            await Task.WhenAll(connections.Select(connection => Record.ExceptionAsync(() => connection.ConnectAsync(IPAddress.Loopback, port)).AsTask()));
            using var client = new HttpClient();
            Assert.Equal(
                "{\"status\":\"ready\"}",
                await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/health/ready"), TestContext.Current.CancellationToken));
        }
        finally
        {
            connections.ForEach(connection => connection.Dispose());
        }

        Assert.Equal(ExitCode.Done, await process.StopAsync());
    }

    [Fact]
    public async Task A_watch_ends_when_its_reader_has_left_though_the_value_does_not_change()
    {
        var script = $"dotnet {Path.Combine(AppContext.BaseDirectory, "kad.dll")} watch key --via {node.Address} --interval 3600 | head -1";
        await using var process = ChildProcess.Start(new ProcessStartInfo("sh", ["-c", script]));

        // The shell waits for all parts of the pipe.
        Assert.Equal(0, await process.ExitAsync());
        Assert.Equal(string.Empty, process.Error.Text);
    }

    [Theory]
    [InlineData("set key --file - --via NODE")]
    [InlineData("state import - --data FOLDER")]
    public async Task A_command_that_reads_a_standard_input_that_is_closed_ends(string args)
    {
        using var folder = new TemporaryFolder();
        var own = args.Replace("NODE", node.Address, StringComparison.Ordinal).Replace("FOLDER", folder.Path, StringComparison.Ordinal);
        var script = $"exec dotnet {Path.Combine(AppContext.BaseDirectory, "kad.dll")} {own} <&-";
        await using var process = ChildProcess.Start(new ProcessStartInfo("sh", ["-c", script]));

        Assert.Equal(ExitCode.WrongUsage, await process.ExitAsync());
        await process.ReadLineAsync();
        Assert.Equal(
            "The standard input is closed; an open one is needed, such as < FILE, or < /dev/null for an empty one.", process.Error.Text);
    }

    [Theory]
    [InlineData(">/dev/full")]
    [InlineData(">&-")]
    [InlineData("2>/dev/full")]
    [InlineData("2>&-")]
    public async Task A_node_serves_without_its_output_or_its_log(string output)
    {
        var port = FreePort.Udp();
        var kad = $"exec dotnet {Path.Combine(AppContext.BaseDirectory, "kad.dll")} node --in-memory --listen 127.0.0.1:{port}";
        await using var process = ChildProcess.Start(new ProcessStartInfo("sh", ["-c", $"{kad} {output}"]));

        await Eventually.BecomesAsync(
            async () => (await KadRun.RunAsync("ping", $"127.0.0.1:{port}")).ExitCode == ExitCode.Done, () => process.Error.Text);
        Assert.Equal(ExitCode.Done, await process.StopAsync());
    }

    private static async Task<(int Code, string Error)> RunAsync(string[] args, Stream output)
    {
        await using var error = new StringWriter();
        using var io = new CommandIo(() => new MemoryStream(), output, TextWriter.Synchronized(error));
        var code = await KadCommand.RunAsync(args, io, TestContext.Current.CancellationToken);
        return (code, error.ToString().Trim());
    }

    private static IEnumerable<(string Path, Command Command)> Commands(Command command, string path) =>
        command.Subcommands.SelectMany(sub => Commands(sub, $"{path} {sub.Name}".Trim())).Prepend((path, command));

    private sealed class FullStream : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("No space left on device");

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
    }
}

/// <summary>A node over HTTP and UDP, a stopped one's folder, and files, for the examples of the commands' help.</summary>
public sealed partial class ExampleNode : IAsyncLifetime
{
    private readonly TemporaryFolder _files = new();
    private readonly TemporaryFolder _data = new();
    private readonly TemporaryFolder _stopped = new();
    private NodeProcess _node = null!;
    private string _crawl = string.Empty;

    internal string Address => _node.Address;

    public async ValueTask InitializeAsync()
    {
        _node = await NodeProcess.StartAsync("--data", _data.Path);
        await using (await NodeProcess.StartAsync("--in-memory", "--bootstrap", _node.Address))
        {
            await _node.HasContactsAsync(1);
        }

        await PrepareAsync();
        await KadRun.DoneAsync(ArgumentsOf("kad admin export backup.json --data kad-data"));
        await KadRun.DoneAsync("state", "import", _files["backup.json"], "--data", _stopped.Path);
        await KadRun.RunAsync(ArgumentsOf("kad admin crawl start --data kad-data"));
        _crawl = (await KadRun.DoneAsync(ArgumentsOf("kad admin crawl list --data kad-data --json"))).Json["crawls"]![0]!["id"]!.GetValue<string>();
    }

    /// <summary>Has the node and the file of tokens hold what examples take away, and not what they add.</summary>
    internal async Task PrepareAsync()
    {
        System.IO.File.WriteAllText(
            _files["tokens.json"], ApiTokens.Write([.. new[] { "shop", "other" }.Select(name => ApiToken.Create(name, [ApiScope.Read]).Token)]));
        System.IO.File.Delete(_files["new.pem"]);
        if (!System.IO.File.Exists(_files["owner.pem"]))
        {
            await KadRun.DoneAsync(ArgumentsOf("kad item keygen owner.pem"));
        }

        await KadRun.DoneAsync(ArgumentsOf("kad admin set greeting hello --data kad-data"));
        await KadRun.DoneAsync(ArgumentsOf("kad admin bans add 203.0.113.0/24 --data kad-data"));
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        _files.Dispose();
        _data.Dispose();
        _stopped.Dispose();
    }

    /// <summary>An example's arguments, with this node and these files in place of those that it names.</summary>
    internal string[] ArgumentsOf(string example)
    {
        var words = example.Split(' ')[1..];
        var isAdmin = words[0] == "admin";
        var own = words.Select((word, i) => word switch
        {
            _ when HostAndPort().IsMatch(word) => _node.Address,
            _ when File().IsMatch(word) => _files[word],
            "kad-data" or "/var/lib/kad" => isAdmin ? _data.Path : _stopped.Path,
            _ when Crawl().IsMatch(word) => _crawl,
            _ => word,
        });
        return [.. own, .. isAdmin ? ["--url", $"http://{_node.HttpAddress}"] : words[0] == "state" && !words.Contains("--data") ? new[] { "--data", _stopped.Path } : []];
    }

    [GeneratedRegex("^[a-z0-9.-]+:[0-9]{2,5}$")]
    private static partial Regex HostAndPort();

    [GeneratedRegex(@"^[a-z]+\.(json|jsonl|state|svg|pem)$")]
    private static partial Regex File();

    [GeneratedRegex("^[0-9]{8}T[0-9]+Z$")]
    private static partial Regex Crawl();
}
