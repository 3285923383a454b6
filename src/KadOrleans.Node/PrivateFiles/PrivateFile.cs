namespace KadOrleans.Node;

// Files and folders that only their owner may read and write, whatever the process's umask allows to others: values, bans, tokens, and
// what is written of them. What is there already keeps its mode, which somebody may have chosen. On Windows the folder's rights count.
internal static class PrivateFile
{
    private const UnixFileMode ReadWrite = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Creates a folder, and those above it, as far as they are missing.</summary>
    public static DirectoryInfo CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return Directory.CreateDirectory(path);
        }

        // The framework gives the mode to the last one alone.
        if (new DirectoryInfo(path).Parent is { Exists: false } above)
        {
            CreateFolder(above.FullName);
        }

        return Directory.CreateDirectory(path, ReadWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Creates a file to write to.</summary>
    /// <exception cref="IOException">It exists, or cannot be created.</exception>
    public static FileStream CreateNew(string path) => Open(path, FileMode.CreateNew, FileAccess.Write);

    /// <summary>
    /// Creates a file with a content, which is on the disk when this returns. If it cannot be written whole, no part of it is left.
    /// </summary>
    /// <exception cref="IOException">It exists, or cannot be created or written.</exception>
    public static void WriteNew(string path, Action<FileStream> write)
    {
        var file = CreateNew(path);
        try
        {
            using (file)
            {
                write(file);
                file.Flush(flushToDisk: true);
            }
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Creates a file to write to, or empties one that an earlier run left unfinished.</summary>
    public static FileStream Create(string path, int bufferSize, FileOptions options = FileOptions.None)
    {
        var file = Open(path, FileMode.Create, FileAccess.Write, bufferSize, options);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file.SafeFileHandle, ReadWrite);
        }

        return file;
    }

    /// <summary>Opens a file to read and write, and creates it if it is missing.</summary>
    public static FileStream OpenOrCreate(string path, int bufferSize = 4_096) =>
        Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, bufferSize);

    /// <summary>Creates an empty file if it is missing: for a library whose new files others may read.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">A file whose mode it gets, if that is there.</param>
    public static void Prepare(string path, string? model = null)
    {
        if (OperatingSystem.IsWindows() || File.Exists(path))
        {
            return;
        }

        using var file = CreateNew(path);
        if (File.Exists(model))
        {
            File.SetUnixFileMode(file.SafeFileHandle, File.GetUnixFileMode(model));
        }
    }

    private static FileStream Open(string path, FileMode mode, FileAccess access, int bufferSize = 4_096, FileOptions options = FileOptions.None)
    {
        var how = new FileStreamOptions { Mode = mode, Access = access, Share = FileShare.None, BufferSize = bufferSize, Options = options };
        if (!OperatingSystem.IsWindows())
        {
            how.UnixCreateMode = ReadWrite;
        }

        return new FileStream(path, how);
    }
}
