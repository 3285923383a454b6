namespace KadOrleans.Server;

/// <summary>
/// The one clock of a silo's process, with its edge: as on a node a jump ahead is not believed before the clock has kept pace for ten minutes. A
/// silo alone has nobody to compare its clock with.
/// </summary>
internal static class ProcessClock
{
    public static IServiceCollection AddProcessClock(this IServiceCollection services) => services
        .AddSingleton(provider => new ExpiryTime(TimeProvider.System, provider.GetRequiredService<ILogger<ExpiryTime>>(), BootTime.Read))
        .AddSingleton<TimeProvider>(provider => provider.GetRequiredService<ExpiryTime>())
        .AddKeyedSingleton<TimeProvider>(TimeProviderNames.Grains, (provider, _) => provider.GetRequiredService<ExpiryTime>());

    /// <summary>
    /// Compares the cluster's time with the system's clock where other silos have a say in that time: one that is wrong is told at once, whether
    /// its silo believes it or not. The time of a silo alone is what it believes.
    /// </summary>
    public static ClockWatch Watch(IServiceProvider provider)
    {
        var time = provider.GetRequiredKeyedService<TimeProvider>(TimeProviderNames.Grains);
        var silos = provider.GetRequiredService<ISiloStatusOracle>();
        return new ClockWatch(
            time,
            provider.GetRequiredService<ILogger<ClockWatch>>(),
            () => silos.GetApproximateSiloStatuses(onlyActive: true).Count > 1 ? TimeProvider.System : time);
    }
}
