using System.Runtime.InteropServices;

namespace KadOrleans.Cli;

/// <summary>
/// Turns the first SIGTERM, Ctrl-C or closed terminal into a cancellation, so that a command can end normally. The second one ends the
/// process at once.
/// </summary>
internal sealed class TerminationSignals : IDisposable
{
    private readonly CancellationTokenSource _cancellation = new();
    private readonly PosixSignalRegistration[] _registrations;

    public TerminationSignals()
    {
        _registrations = Array.ConvertAll(
            [PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP],
            signal => PosixSignalRegistration.Create(signal, OnSignal));
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _cancellation.Token;

    public void Dispose()
    {
        Array.ForEach(_registrations, registration => registration.Dispose());
        _cancellation.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = !_cancellation.IsCancellationRequested;
        _cancellation.Cancel();
    }
}
