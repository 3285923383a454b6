using System.Diagnostics;
using System.Globalization;

namespace KadOrleans.Cli.Tests.Running;

/// <summary>The built command as a process of its own, which ends with the test.</summary>
internal sealed class KadProcess : IAsyncDisposable
{
    // Generous: a loaded machine may take long to start a process.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private KadProcess(Process process)
    {
        _process = process;
        _process.OutputDataReceived += (_, e) => Output.Add(e.Data);
        _process.ErrorDataReceived += (_, e) => Error.Add(e.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public LineSink Output { get; } = new();

    public LineSink Error { get; } = new();

    public static KadProcess Start(params string[] args)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "kad.dll"));
        Array.ForEach(args, start.ArgumentList.Add);
        return new KadProcess(new Process { StartInfo = start });
    }

    /// <summary>The next line of its output.</summary>
    public async Task<string> NextLineAsync()
    {
        using var deadline = new CancellationTokenSource(Longest);
        try
        {
            return await Output.NextAsync(deadline.Token);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"No line came; the errors were: {Error.Text}", e);
        }
    }

    public Task TerminateAsync() => SignalAsync("TERM");

    public Task InterruptAsync() => SignalAsync("INT");

    public void Kill() => _process.Kill();

    /// <summary>Waits for its end and returns its exit code.</summary>
    public async Task<int> ExitAsync()
    {
        using var deadline = new CancellationTokenSource(Longest);
        await _process.WaitForExitAsync(deadline.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await ExitAsync();
        }

        _process.Dispose();
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }
}
