namespace KadOrleans.Silo.Hosting;

/// <summary>Runs a started host until it is told to stop, and bounds how long the stop takes.</summary>
internal static class OrderlyStop
{
    /// <summary>
    /// How long a host may go on after its <see cref="HostOptions.ShutdownTimeout"/>: Orleans retries some writes, that of
    /// the membership table among them, without regard to it.
    /// </summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    /// <summary>Waits for SIGTERM or Ctrl-C and stops the host.</summary>
    /// <exception cref="StopException">It did not stop in order. Its process is to end all the same, without disposing it.</exception>
    public static async Task RunAsync(IHost host)
    {
        await ToldToStopAsync(host);
        try
        {
            await host.StopAsync().WaitAsync(SiloHost.ShutdownTimeout + Grace);
        }
        catch (Exception e)
        {
            throw new StopException(
                "The silo could not leave the cluster in order, most likely as its storage or the other silos do not answer. "
                + "What was acknowledged is in storage; its grains come up elsewhere when it has been declared dead.",
                e);
        }
    }

    private static async Task ToldToStopAsync(IHost host)
    {
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(told.SetResult))
        {
            await told.Task;
        }
    }
}
