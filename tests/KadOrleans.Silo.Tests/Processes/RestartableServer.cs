using KadOrleans.Testing.Processes;

namespace KadOrleans.Silo.Tests.Processes;

/// <summary>A process of a cluster's or network's, which can be ended and started again where it was.</summary>
internal abstract class RestartableServer : IAsyncDisposable
{
    /// <summary>The running one; null before the first start and after each end.</summary>
    protected ChildProcess? Process { get; set; }

    public string Errors => Process?.Error.Text ?? string.Empty;

    /// <summary>SIGKILL, and its end.</summary>
    public async Task KillAsync()
    {
        await Process!.KillAsync();
        await ForgetAsync();
    }

    /// <summary>SIGTERM, and the exit code.</summary>
    public async Task<int> StopAsync()
    {
        var code = await Process!.StopAsync();
        await ForgetAsync();
        return code;
    }

    public ValueTask DisposeAsync() => Process?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task ForgetAsync()
    {
        await Process!.DisposeAsync();
        Process = null;
    }
}
