namespace KadOrleans.Http;

internal static class StateFile
{
    public const string Standard = "-";

    /// <summary>Opens a seekable file. Standard input is copied to a temporary file, deleted with the stream.</summary>
    public static async Task<FileStream> OpenAsync(string file, Func<Stream> openInput, CancellationToken cancellationToken)
    {
        try
        {
            return file == Standard ? await KeepAsync(openInput, cancellationToken) : File.OpenRead(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StateFileException($"FILE is '{file}', which cannot be read: {Phrases.OfFile(file, e)}.", e);
        }
    }

    /// <summary>Replaces a file only once all is written, or makes one that only its owner may read. Follows links. Devices and pipes are written to.</summary>
    public static async Task<T> WriteAsync<T>(string file, Func<Stream, Task<T>> write)
    {
        try
        {
            var target = FollowLinks(file);
            await using var special = OpenSpecial(target);
            return special is null ? await ReplaceAsync(target, write) : await write(special);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StateFileException($"FILE is '{file}', which cannot be written: {Phrases.OfFile(file, e)}.", e);
        }
    }

    private static async Task<FileStream> KeepAsync(Func<Stream> openInput, CancellationToken cancellationToken)
    {
        var kept = new FileStream(
            Path.GetTempFileName(), FileMode.Open, FileAccess.ReadWrite, FileShare.None, 4096, FileOptions.DeleteOnClose);
        try
        {
            await using var input = openInput();
            await input.CopyToAsync(kept, cancellationToken);
            kept.Position = 0;
            return kept;
        }
        catch
        {
            await kept.DisposeAsync();
            throw;
        }
    }

    private static async Task<T> ReplaceAsync<T>(string target, Func<Stream, Task<T>> write)
    {
        var partial = target + ".partial";

        // Without a buffer: after a write has failed on a full disk, closing must not fail too.
        await using var stream = PrivateFile.Create(partial, bufferSize: 0);
        try
        {
            var written = await write(stream);
            stream.Flush(flushToDisk: true);
            await stream.DisposeAsync();
            KeepMode(target, partial);
            File.Move(partial, target, overwrite: true);
            return written;
        }
        catch
        {
            await stream.DisposeAsync();
            File.Delete(partial);
            throw;
        }
    }

    private static void KeepMode(string existing, string replacement)
    {
        if (!OperatingSystem.IsWindows() && File.Exists(existing))
        {
            File.SetUnixFileMode(replacement, File.GetUnixFileMode(existing));
        }
    }

    private static string FollowLinks(string file)
    {
        // A shell's /dev/fd/63 is a link to something without a name.
        var target = File.Exists(file) ? File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName : null;
        return File.Exists(target) ? target : file;
    }

    /// <summary>Opens a device or pipe. Null if the file does not exist, or is a plain one, whose length can be set.</summary>
    private static FileStream? OpenSpecial(string file)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Write);
        try
        {
            RandomAccess.SetLength(handle, RandomAccess.GetLength(handle));
        }
        catch (Exception e) when (e is IOException or NotSupportedException)
        {
            return new FileStream(handle, FileAccess.Write);
        }

        handle.Dispose();
        return null;
    }
}

/// <summary>One sentence that names the file.</summary>
internal sealed class StateFileException(string message, Exception? cause = null) : Exception(message, cause);
