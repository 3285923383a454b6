using Orleans.Runtime.Messaging;

namespace KadOrleans.EdgeWorker.Diagnostics;

/// <summary>Which failures of grain calls pass by themselves.</summary>
internal static class GrainFailures
{
    /// <summary>
    /// Whether the call did not get through, so that trying it again soon is right: a silo that has just died and is
    /// not yet known to be dead, no gateway, a gateway that is too busy. A timeout is none of them: the call may still
    /// be executed, and behind it whatever it asks for again.
    /// </summary>
    public static bool IsTransient(Exception exception) =>
        exception is OrleansMessageRejectionException or ConnectionFailedException or GatewayTooBusyException or ClientNotAvailableException;

    /// <summary>A call that nobody waits for any more may still fail; nobody is to be told of that then.</summary>
    public static void Ignore(Task call) => _ = call.ContinueWith(
        static failed => failed.Exception,
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);

    /// <summary>Twice as long, up to a bound.</summary>
    public static TimeSpan Next(TimeSpan delay, TimeSpan longest) => delay * 2 < longest ? delay * 2 : longest;
}
