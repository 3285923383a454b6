using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace KadOrleans.Http;

/// <summary>Has writes that cannot be done fail, with an exception, rather than end the process or go into another file.</summary>
internal static class FailingWrites
{
    // The number of Linux and macOS. .NET takes a signal that it has no name for by its number.
    private const PosixSignal FileSizeExceeded = (PosixSignal)25;

    private const int StandardInput = 0;
    private const int StandardError = 2;

    // Held for the life of the process.
    private static readonly List<SafeFileHandle> Reserved = [];
    private static PosixSignalRegistration? _registration;

    /// <summary>Call it first in a process. Does nothing on Windows.</summary>
    public static void Expect()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        // A file or a socket would take the number of a standard stream that is closed, and would get what is written there. These refuse
        // what the stream is for. The runtime itself takes a number or two before this, for a pipe.
        Reserve(StandardInput, FileAccess.Write);
        Reserve(StandardError, FileAccess.Read);

        // The signal that comes with a write beyond the limit of a file's size ends the process where nobody takes it.
        _registration ??= PosixSignalRegistration.Create(FileSizeExceeded, static signal => signal.Cancel = true);
    }

    // A new handle gets the lowest number that is free.
    private static void Reserve(int last, FileAccess access)
    {
        SafeFileHandle next;
        while ((next = File.OpenHandle("/dev/null", FileMode.Open, access, FileShare.ReadWrite)).DangerousGetHandle() <= last)
        {
            Reserved.Add(next);
        }

        next.Dispose();
    }
}
