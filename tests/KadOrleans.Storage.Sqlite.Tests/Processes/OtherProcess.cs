using System.Diagnostics;
using KadOrleans.Storage.Sqlite.KillTarget;

namespace KadOrleans.Storage.Sqlite.Tests.Processes;

/// <summary>Another process on a data folder. Disposal kills it.</summary>
internal sealed class OtherProcess : IAsyncDisposable
{
    private readonly Process _process;

    private OtherProcess(Process process)
    {
        _process = process;
    }

    public static OtherProcess Start(params string[] arguments)
    {
        var assembly = typeof(Workload).Assembly.GetName().Name;
        var program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? assembly + ".exe" : assembly!);
        return new OtherProcess(Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!);
    }

    /// <summary>The next line it says, or null after the last.</summary>
    public Task<string?> ReadLineAsync() => _process.StandardOutput.ReadLineAsync();

    /// <summary>Ends it at once: SIGKILL where there are signals.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Ends its input and waits until it has ended.</summary>
    public async Task FinishAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
