namespace KadOrleans.Tests.Cli;

public sealed class StateFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kad-files-");

    private string Name => Path.Combine(_folder.FullName, "state.json");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_write_that_fails_leaves_the_earlier_file_and_nothing_else()
    {
        await StateFile.WriteAsync(Name, stream => WriteAsync(stream, "old"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => StateFile.WriteAsync<int>(Name, async stream =>
        {
            await WriteAsync(stream, "new");
            throw new InvalidOperationException();
        }));

        Assert.Equal("old", await File.ReadAllTextAsync(Name, TestContext.Current.CancellationToken));
        Assert.Equal(Name, Assert.Single(_folder.GetFiles()).FullName);
    }

    [Fact]
    public async Task A_file_or_folder_that_is_not_there_is_told_and_not_made()
    {
        var file = Path.Combine(_folder.FullName, "away", "state.json");

        var error = await Assert.ThrowsAsync<StateFileException>(() => StateFile.WriteAsync(file, stream => WriteAsync(stream, "new")));
        Assert.StartsWith($"FILE is '{file}', which cannot be written: ", error.Message, StringComparison.Ordinal);

        error = await Assert.ThrowsAsync<StateFileException>(
            () => StateFile.OpenAsync(Name, () => Stream.Null, TestContext.Current.CancellationToken));
        Assert.StartsWith($"FILE is '{Name}', which cannot be read: ", error.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.GetFileSystemInfos());
    }

    private static async Task<int> WriteAsync(Stream stream, string text)
    {
        await stream.WriteAsync(Encoding.UTF8.GetBytes(text));
        return text.Length;
    }
}
