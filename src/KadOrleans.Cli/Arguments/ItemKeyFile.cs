using KadOrleans.Signatures;

namespace KadOrleans.Cli;

/// <summary>A file with an owner's private key, in PEM (PKCS #8), which nobody else may read.</summary>
internal static class ItemKeyFile
{
    public const string OptionName = "--key";

    /// <summary>A key in PEM has 119 bytes; a comment may stand before it.</summary>
    private const int MaxBytes = 4_096;

    private const UnixFileMode OfOthers = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    public static Option<string?> Option(string description) => CommonOptions.Text(OptionName, "FILE", description);

    /// <summary>The file that is given; none is wrong usage.</summary>
    public static string Require(string? path) => path
        ?? throw CommandException.WrongUsage($"No key is given; {OptionName} FILE is needed, and 'kad item keygen FILE' makes one.");

    /// <summary>Writes a new key into a new file of its owner.</summary>
    public static void WriteNew(string name, string path, Ed25519KeyPair pair)
    {
        ThrowIfEmpty(name, path);
        if (Path.Exists(path))
        {
            throw CommandException.WrongUsage(
                $"{name}: '{path}' exists; a new file is needed, as who loses his key cannot change what he signed with it.");
        }

        try
        {
            PrivateFile.WriteNew(path, file => file.Write(Encoding.ASCII.GetBytes(pair.ExportPem())));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandException.WrongUsage($"{name}: '{path}' cannot be written: {Phrases.OfFile(path, e)}.", e);
        }
    }

    /// <summary>Reads a key. The caller disposes it. A pipe, as a shell makes it of a command, may have a writer late or never.</summary>
    public static async Task<Ed25519KeyPair> ReadAsync(string name, string path, CancellationToken cancellationToken)
    {
        ThrowIfEmpty(name, path);
        var text = await Task.Run(() => ReadText(name, path), cancellationToken).WaitAsync(cancellationToken);
        return Ed25519KeyPair.TryFromPem(text, out var pair) ? pair
            : text.AsSpan().Count("-----BEGIN ") is > 1 and var blocks
            ? throw CommandException.WrongUsage($"{name}: '{path}' has {blocks} blocks in PEM; one private key and nothing else is needed.")
            : throw CommandException.WrongUsage(
                $"{name}: '{path}' has no Ed25519 private key in PEM (PKCS #8), as 'kad item keygen' makes one, or 'openssl genpkey -algorithm ed25519'.");
    }

    // Commonly a variable that is not set.
    private static void ThrowIfEmpty(string name, string path)
    {
        if (string.IsNullOrWhiteSpace(path))
        {
            throw CommandException.WrongUsage($"{name} is '{path}'; the path of a file is needed.");
        }
    }

    private static string ReadText(string name, string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            if (!OperatingSystem.IsWindows() && File.GetUnixFileMode(file.SafeFileHandle) is var mode && (mode & OfOthers) != 0)
            {
                throw CommandException.WrongUsage(
                    $"{name}: others may read or write '{path}' (its mode is {Convert.ToString((int)mode, 8)}); run 'chmod 600 {path}', and make another key if anybody did.");
            }

            var bytes = new byte[MaxBytes + 1];
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return length <= MaxBytes
                ? Encoding.Latin1.GetString(bytes, 0, length)
                : throw CommandException.WrongUsage($"{name}: '{path}' is longer than {MaxBytes} bytes, which a file with a key may have at most.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandException.WrongUsage($"{name}: '{path}' cannot be read: {Phrases.OfFile(path, e)}.", e);
        }
    }
}
