using System.Diagnostics;
using KadOrleans.Core;

namespace KadOrleans.Cli.Benchmarking;

/// <summary>This very command in a process of its own, which says where it listens.</summary>
internal sealed class ChildCommand : IAsyncDisposable
{
    private readonly Process _process;

    private ChildCommand(Process process, UdpEndpoint endpoint)
    {
        (_process, Endpoint) = (process, endpoint);
    }

    /// <summary>Where it listens.</summary>
    public UdpEndpoint Endpoint { get; }

    /// <summary>The processor time it has taken, of all its threads.</summary>
    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Starts it and waits for its first line, <c>listening udp ADDRESS:PORT</c>.</summary>
    /// <exception cref="CommandException">It ended, or said something else.</exception>
    public static async Task<ChildCommand> StartAsync(CommandIo io, string[] arguments, CancellationToken cancellationToken)
    {
        var process = new Process { StartInfo = Describe(arguments) };
        process.ErrorDataReceived += (_, line) => ReportProblem(io, line.Data);
        process.Start();
        try
        {
            process.BeginErrorReadLine();
            var words = (await process.StandardOutput.ReadLineAsync(cancellationToken))?.Split(' ') ?? [];
            return words is ["listening", "udp", var text, ..] && UdpEndpoint.TryParse(text, out var endpoint)
                ? new ChildCommand(process, endpoint)
                : throw CommandException.Failed($"'kad {arguments[0]}' did not start.");
        }
        catch
        {
            await EndAsync(process);
            throw;
        }
    }

    public ValueTask DisposeAsync() => EndAsync(_process);

    // A program of another name, such as a host of tests, has the command beside it.
    private static ProcessStartInfo Describe(string[] arguments)
    {
        const string name = "kad";
        var own = Environment.ProcessPath;
        var file = Path.GetFileNameWithoutExtension(own) == name ? own! : Path.Combine(AppContext.BaseDirectory, name);
        return new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
    }

    private static void ReportProblem(CommandIo io, string? line)
    {
        if (line is not null && !line.Contains(" info ", StringComparison.Ordinal))
        {
            io.Error.WriteLine(line);
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
