using System.Diagnostics;
using System.Text.Json.Nodes;
using KadOrleans.Cli;
using KadOrleans.Core;

namespace KadOrleans.Lab.Benchmarking;

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

    private ChildCommand(Process process, string line, UdpEndpoint endpoint, Task<string>? status)
    {
        (_process, _line, Endpoint, _status) = (process, line, endpoint, status);
    }

    /// <summary>Where it listens.</summary>
    public UdpEndpoint Endpoint { get; }

    /// <summary>The id of a node, which its first line ends with.</summary>
    public NodeId Id => NodeId.Parse(_line.Split(' ')[^1]);

    /// <summary>The processor time it has taken, of all its threads.</summary>
    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>What it has in the machine's memory.</summary>
    public ResidentMemory Memory
    {
        get
        {
            _process.Refresh();
            return new ResidentMemory(_process.WorkingSet64, _process.PeakWorkingSet64);
        }
    }

    /// <summary>Starts a command of this build and waits for its first line, <c>listening udp ADDRESS:PORT</c>.</summary>
    /// <param name="io">Where its warnings go.</param>
    /// <param name="executable">An executable beside this one: <c>kad</c>, or <see cref="LabCommand.Name"/>.</param>
    /// <param name="arguments">What follows its name.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CommandException">It ended, or said something else.</exception>
    public static Task<ChildCommand> StartAsync(CommandIo io, string executable, string[] arguments, CancellationToken cancellationToken) =>
        StartAsync(
            io,
            new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, executable), arguments),
            _ => CommandException.Failed($"'{executable} {arguments[0]}' did not start."),
            cancellationToken);

    /// <summary>The same with any program that begins with such a line.</summary>
    /// <param name="io">Where its warnings go.</param>
    /// <param name="program">What to start.</param>
    /// <param name="complain">What to say if its first line is another, or there is none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
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
    /// <exception cref="CommandException">It does not tell.</exception>
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
