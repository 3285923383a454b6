using System.Runtime.InteropServices;

namespace KadOrleans.Cli;

// Turns the first SIGTERM, Ctrl-C or closed terminal into a cancellation, so that a command can end normally. The second one ends
// the process at once.
public sealed class TerminationSignals : IDisposable
{
    private readonly CancellationTokenSource _cancellation = new();
    private readonly PosixSignalRegistration[] _registrations;

    public TerminationSignals() => _registrations = Array.ConvertAll(
        [PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP], signal => PosixSignalRegistration.Create(signal, OnSignal));

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
