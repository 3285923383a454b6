using System.Diagnostics;

namespace KadOrleans.Http;

/// <summary>
/// Opens files of tokens so that a writer has one alone, and who finds it so waits, in this process and others. The lock is the file's own, as
/// whoever may write the file may take it, whoever made it; it ends with the process that has it.
/// </summary>
internal static class TokenFileLock
{
    // A change takes milliseconds, of a disk that is slow some hundred.
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    // EWOULDBLOCK of Linux and macOS, ERROR_SHARING_VIOLATION of Windows.
    private const int WouldBlock = 11;
    private const int WouldBlockOnMac = 35;
    private const int SharingViolation = unchecked((int)0x80070020);

    /// <summary>Opens a file to read and to change it, with nobody beside.</summary>
    /// <param name="path">The file.</param>
    /// <param name="makes">Whether it is made if it is missing, for its owner alone.</param>
    /// <param name="isNew">Whether it was made.</param>
    /// <exception cref="IOException">It is missing or cannot be opened, or others had it for ten seconds.</exception>
    public static FileStream OpenToChange(string path, bool makes, out bool isNew)
    {
        var isMissing = false;
        var opened = WhenFree(() =>
        {
            while (true)
            {
                isMissing = makes && !File.Exists(path);
                var file = makes
                    ? PrivateFile.OpenOrCreate(path, bufferSize: 0)
                    : new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);

                // One that was made and removed again by who had it before is nobody's.
                if (File.Exists(path))
                {
                    return file;
                }

                file.Dispose();
            }
        });

        // Another one may have made and written it meanwhile.
        isNew = isMissing && opened.Length == 0;
        return opened;
    }

    /// <summary>Opens a file to read it beside other readers.</summary>
    /// <exception cref="IOException">It is missing or cannot be opened, or a writer had it for ten seconds.</exception>
    public static FileStream OpenToRead(string path) =>
        WhenFree(() => new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));

    /// <summary>Whether a file cannot be opened as another one has it now.</summary>
    public static bool IsTaken(IOException failure) => failure.HResult is WouldBlock or WouldBlockOnMac or SharingViolation;

    private static FileStream WhenFree(Func<FileStream> open)
    {
        for (var begun = Stopwatch.GetTimestamp(); ; Thread.Sleep(Pause))
        {
            try
            {
                return open();
            }
            catch (IOException e) when (IsTaken(e) && Stopwatch.GetElapsedTime(begun) < MaxWait)
            {
                // It is tried again.
            }
        }
    }
}
