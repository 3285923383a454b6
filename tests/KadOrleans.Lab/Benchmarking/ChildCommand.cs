using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace KadOrleans.Lab;

/// <summary>A process of its own, of this build or another program, which says where it listens.</summary>
internal sealed class ChildCommand : IAsyncDisposable
{
    private const string StatusOption = "--http";
    private const string StatusScheme = "http://";

    private static readonly HttpClient Http = new();
    private static readonly TimeSpan LongestRead = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly Task<string>? _status;

    private readonly string _line;

    private ChildCommand(Process process, string line, UdpEndpoint endpoint, Task<string>? status) =>
        (_process, _line, Endpoint, _status) = (process, line, endpoint, status);

    public UdpEndpoint Endpoint { get; }

    public NodeId Id => NodeId.Parse(_line.Split(' ')[^1]);

    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public ResidentMemory Memory
    {
        get
        {
            _process.Refresh();
            return new ResidentMemory(_process.WorkingSet64, _process.PeakWorkingSet64);
        }
    }

    /// <summary>Starts a command of this build and waits for its first line, <c>listening udp ADDRESS:PORT</c>.</summary>
    public static Task<ChildCommand> StartAsync(CommandIo io, string executable, string[] arguments, CancellationToken cancellationToken) =>
        StartAsync(
            io,
            new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, executable), arguments),
            _ => CommandException.Failed($"'{executable} {arguments[0]}' did not start."),
            cancellationToken);

    public static async Task<ChildCommand> StartAsync(
        CommandIo io, ProcessStartInfo program, Func<string?, CommandException> complain, CancellationToken cancellationToken)
    {
        (program.RedirectStandardOutput, program.RedirectStandardError) = (true, true);
        var process = new Process { StartInfo = program };
        var status = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.ErrorDataReceived += (_, line) => Read(io, line.Data, status);
        process.Start();
        try
        {
            process.BeginErrorReadLine();
            var line = await process.StandardOutput.ReadLineAsync(cancellationToken);
            return line?.Split(' ') is ["listening", "udp", var text, ..] && UdpEndpoint.TryParse(text, out var endpoint)
                ? new ChildCommand(process, line, endpoint, program.ArgumentList.Contains(StatusOption) ? status.Task : null)
                : throw complain(line);
        }
        catch
        {
            await EndAsync(process);
            throw;
        }
    }

    /// <summary>Its garbage collections until now, by the status that it serves; null without <c>--http</c>.</summary>
    public async Task<GarbageCollections?> ReadCollectionsAsync(CancellationToken cancellationToken)
    {
        if (_status is null)
        {
            return null;
        }

        try
        {
            var address = await _status.WaitAsync(LongestRead, cancellationToken);
            var status = await Http.GetStringAsync(new Uri($"{address}/status"), cancellationToken).WaitAsync(LongestRead, cancellationToken);
            return GarbageCollections.Parse(JsonNode.Parse(status)!["garbageCollections"]!);
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException)
        {
            throw CommandException.Failed($"The node that was started does not tell its status ({e.Message.TrimEnd('.')}).", e);
        }
    }

    public ValueTask DisposeAsync() => EndAsync(_process);

    private static void Read(CommandIo io, string? line, TaskCompletionSource<string> status)
    {
        if (line is null)
        {
            return;
        }

        if (!line.Contains(" info ", StringComparison.Ordinal))
        {
            io.Say(line);
        }
        else if (line.IndexOf(StatusScheme, StringComparison.Ordinal) is >= 0 and var at)
        {
            status.TrySetResult(line[at..]);
        }
    }

    // Nothing of it is to be kept, so it need not stop in order.
    private static async ValueTask EndAsync(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill();
        }

        await process.WaitForExitAsync(CancellationToken.None);
        process.Dispose();
    }
}

/// <summary>Garbage collections of a process. That of a generation is one of the younger ones too.</summary>
internal readonly record struct GarbageCollections(int Gen0, int Gen1, int Gen2)
{
    public static GarbageCollections operator +(GarbageCollections left, GarbageCollections right) =>
        new(left.Gen0 + right.Gen0, left.Gen1 + right.Gen1, left.Gen2 + right.Gen2);

    public static GarbageCollections operator -(GarbageCollections left, GarbageCollections right) =>
        new(left.Gen0 - right.Gen0, left.Gen1 - right.Gen1, left.Gen2 - right.Gen2);

    public static GarbageCollections Parse(JsonNode json) => new((int)json["gen0"]!, (int)json["gen1"]!, (int)json["gen2"]!);

    public JsonObject ToJson() => new() { ["gen0"] = Gen0, ["gen1"] = Gen1, ["gen2"] = Gen2 };

    public override string ToString() => Gen0 == 0
        ? "0"
        : string.Create(CultureInfo.InvariantCulture, $"{Gen0} (generation 1: {Gen1}, generation 2: {Gen2})");
}

/// <summary>A process's pages in the machine's memory.</summary>
/// <param name="Current">Bytes now.</param>
/// <param name="Peak">Bytes at most since it began.</param>
internal readonly record struct ResidentMemory(long Current, long Peak)
{
    private const double Megabyte = 1_000_000;

    public double CurrentMegabytes => Math.Round(Current / Megabyte, 1);

    public double PeakMegabytes => Math.Round(Peak / Megabyte, 1);

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{CurrentMegabytes:0} MB resident, {PeakMegabytes:0} MB at most");
}
