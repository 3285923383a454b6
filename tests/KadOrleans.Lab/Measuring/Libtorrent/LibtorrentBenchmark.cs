using System.Security.Cryptography;

namespace KadOrleans.Lab;

/// <summary>
/// This project's node, plain echoes and libtorrent's DHT node in turns. They get PING, then FIND_NODE, under the load of <c>kad-lab
/// bench</c>. The node of libtorrent answers with 8 contacts of 26 bytes, this node with 20 of about 37.
/// </summary>
internal sealed class LibtorrentBenchmark(CommandIo io, BenchSettings settings, string interpreter)
{
    private const string Usage =
        "libtorrent [SECONDS [INTERPRETER]]; a whole number of 1 to 3600 and a Python that can import libtorrent are allowed. [default: 5 python3]";

    // Looks, two a second, at a node that asks no further contact.
    private const int FruitlessLooks = 4;

    public static Task RunAsync(CommandIo io, string[] args)
    {
        if (args.Length > 2
            || !int.TryParse(args.FirstOrDefault("5"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            || seconds is < 1 or > 3_600)
        {
            throw CommandException.WrongUsage(Usage);
        }

        var settings = new BenchSettings
        {
            Targets = [BenchTarget.Started],
            Operation = BenchOperation.Ping,
            Duration = TimeSpan.FromSeconds(seconds),
            Baseline = true,
        };
        return new LibtorrentBenchmark(io, settings, args.ElementAtOrDefault(1) ?? BenchSettings.DefaultPython).RunAsync();
    }

    private async Task RunAsync()
    {
        using var socket = new LoadSocket();
        var generator = new LoadGenerator(socket);
        var runner = new LoadRunner(io, generator, CancellationToken.None);
        var keys = RandomNumberGenerator.GetBytes(settings.Keys * NodeId.Length);
        var random = new CryptographicRandomSource();
        var ids = Enumerable.Range(0, BenchSettings.DefaultContacts).Select(_ => NodeId.Random(random)).ToArray();

        // The other first, for its interpreter may be missing.
        await using var process = await ChildCommand.StartPythonAsync(
            io,
            "libtorrent",
            ("INTERPRETER", interpreter),
            "Debian has it in the package python3-libtorrent, for /usr/bin/python3",
            [
                "Measuring.Libtorrent.node.py",
                .. Enumerable.Range(0, ids.Length).Select(index => $"{UdpEndpoint.FromIPv4(LoopbackSources.AddressOf(index), socket.Port)}"),
            ],
            CancellationToken.None);
        var other = new LoadTarget("libtorrent", process.Endpoint, new Bep5Protocol(ids), ids[..BenchSettings.DefaultSources]) { Process = process };
        await TakeContactsAsync(runner, other, ids.Length);
        await using var preparation = new TargetPreparation(io, settings, runner, keys, socket.Port);
        var node = await preparation.StartNodeAsync(BenchTarget.Self);
        foreach (var operation in new[] { BenchOperation.Ping, BenchOperation.FindNode })
        {
            var measurement = new TurnMeasurement(io, settings with { Operation = operation }, runner, keys);
            BenchReport.Print(await measurement.RunAsync([node with { Result = new LoadResult() }, other with { Result = new LoadResult() }]), new ResultPrinter(io, json: false));
        }
    }

    private static async Task TakeContactsAsync(LoadRunner runner, LoadTarget target, int contacts)
    {
        var (asked, fruitless) = (0, 0);
        await runner.ServeAsync(target, () =>
        {
            fruitless = target.Protocol.SourcesPinged > asked ? 0 : fruitless + 1;
            asked = target.Protocol.SourcesPinged;
            return asked >= contacts || fruitless >= FruitlessLooks;
        });
        if (asked == 0)
        {
            throw CommandException.Failed("libtorrent asked none of the contacts that it was told.");
        }
    }
}
