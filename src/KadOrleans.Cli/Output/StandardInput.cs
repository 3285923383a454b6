namespace KadOrleans.Cli;

/// <summary>The standard input of this process.</summary>
internal static class StandardInput
{
    private const string Files = "/proc/self/fd";

    /// <exception cref="CommandException">The process was started without one.</exception>
    public static Stream Open() => IsClosed()
        ? throw CommandException.WrongUsage("The standard input is closed; an open one is needed, such as < FILE, or < /dev/null for an empty one.")
        : Console.OpenStandardInput();

    // The runtime makes a pipe of its own before any code of a program runs. If there is no standard input, that gets its number, and a read
    // would wait for the runtime. Of no other pipe does this process have the end that is written.
    private static bool IsClosed()
    {
        try
        {
            var input = new FileInfo($"{Files}/0").LinkTarget;
            return input is not null && input.StartsWith("pipe:", StringComparison.Ordinal)
                && Directory.EnumerateFiles(Files).Any(file =>
                    Path.GetFileName(file) is not ("0" or "1" or "2") && new FileInfo(file).LinkTarget == input && IsWritten(Path.GetFileName(file)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another system, or a file that was closed meanwhile.
            return false;
        }
    }

    // Its flags are an octal number, whose last digit is how it was opened: 0 to be read, 1 to be written.
    private static bool IsWritten(string number) =>
        File.ReadLines($"/proc/self/fdinfo/{number}").Any(static line => line.StartsWith("flags:", StringComparison.Ordinal) && line.EndsWith('1'));
}
