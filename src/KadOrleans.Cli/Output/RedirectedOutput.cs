using System.Runtime.InteropServices;

namespace KadOrleans.Cli;

/// <summary>The standard output of this process, where it is a pipe or a file. The console's own stream says nothing of a pipe that is closed.</summary>
internal sealed class RedirectedOutput(Stream console) : StandardOutput(console)
{
    private const int Number = 1;
    private const int Interrupted = 4;
    private const int WouldBlock = 11;
    private const int WouldBlockOnMac = 35;

    // What poll(2) says of a pipe whose reader has left, whatever it is asked.
    private const short Failed = 0x8;

    private readonly Stream _console = console;

    public override bool HasReader
    {
        get
        {
            var asked = new Polled { File = Number };
            return Poll(ref asked, 1, 0) <= 0 || (asked.Found & Failed) == 0;
        }
    }

    protected override void WriteAll(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var written = Write(Number, in MemoryMarshal.GetReference(buffer), buffer.Length);
            if (written >= 0)
            {
                buffer = buffer[(int)written..];
                continue;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted:
                    break;
                case WouldBlock or WouldBlockOnMac:
                    // Others who have the same pipe made it one that does not wait. The console's stream waits all the same.
                    _console.Write(buffer);
                    return;
                case var error:
                    throw new IOException(Marshal.GetPInvokeErrorMessage(error), error);
            }
        }
    }

#pragma warning disable SYSLIB1054 // What the generator of LibraryImport writes is unsafe code, which this project has none of.
    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Write(int file, ref readonly byte buffer, nint length);

    [DllImport("libc", EntryPoint = "poll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Poll(ref Polled files, nuint count, int milliseconds);
#pragma warning restore SYSLIB1054

    [StructLayout(LayoutKind.Sequential)]
    private struct Polled
    {
        public int File;
        public short Asked;
        public short Found;
    }
}
