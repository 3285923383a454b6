using System.Runtime.InteropServices;

namespace KadOrleans.Http;

/// <summary>
/// Turns the first of some signals into a cancellation, so that a process can end normally. A second SIGTERM or Ctrl-C ends it at once; a terminal
/// that closes sends SIGHUP twice, from its shell and from the system. What the process was started to ignore, as by nohup, stays ignored.
/// </summary>
internal sealed class TerminationSignals : IDisposable
{
    private const string Status = "/proc/self/status";
    private const string Ignored = "SigIgn:";

    // The number of SIGHUP.
    private const int HangUp = 1;

    private readonly CancellationTokenSource _cancellation = new();
    private readonly PosixSignalRegistration[] _registrations;

    public TerminationSignals(params IReadOnlyCollection<PosixSignal> signals) =>
        _registrations = [.. signals.Where(signal => signal != PosixSignal.SIGHUP || !IsIgnored(HangUp)).Select(signal => PosixSignalRegistration.Create(signal, OnSignal))];

    /// <summary>All that ask a process to end: SIGTERM, Ctrl-C and a closed terminal.</summary>
    public static TerminationSignals All() => new(PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP);

    public CancellationToken Token => _cancellation.Token;

    public void Dispose()
    {
        Array.ForEach(_registrations, registration => registration.Dispose());
        _cancellation.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = context.Signal == PosixSignal.SIGHUP || !_cancellation.IsCancellationRequested;
        _cancellation.Cancel();
    }

    /// <summary>Whether this process was started to ignore a signal, by its number from 1. False where the system does not tell it.</summary>
    internal static bool IsIgnored(int signal)
    {
        try
        {
            // A set of bits, as hexadecimal digits.
            var line = File.ReadLines(Status).FirstOrDefault(line => line.StartsWith(Ignored, StringComparison.Ordinal));
            return ulong.TryParse(line.AsSpan()[(line is null ? 0 : Ignored.Length)..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var ignored)
                && (ignored & (1UL << (signal - 1))) != 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
