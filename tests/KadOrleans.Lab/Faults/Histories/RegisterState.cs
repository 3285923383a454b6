namespace KadOrleans.Lab;

/// <summary>What a key has, and what each operation makes of it if it happens at one moment.</summary>
internal readonly record struct RegisterState(int Value, long Seq, bool IsPublished)
{
    /// <summary>
    /// The state after an operation that had its outcome here; null if it cannot have had this outcome here. An operation whose outcome is unclear is
    /// one that was carried out. A set with a life may be refused by each value that is there: which of two lives longer is a matter of the clocks.
    /// </summary>
    public RegisterState? After(Operation operation)
    {
        var isRefused = operation.Outcome == OperationOutcome.Refused;
        return operation.Kind switch
        {
            OperationKind.Get => operation.Value == Value ? this : null,
            OperationKind.Unpublish => isRefused == IsPublished ? null : this with { IsPublished = false },
            OperationKind.Delete => isRefused ? Value == 0 ? this : null : default(RegisterState),
            OperationKind.DeleteIf => Value == operation.Expected == isRefused ? null : isRefused ? this : default(RegisterState),
            OperationKind.SetFor => isRefused ? Value != 0 ? this : null : IsPublished ? null : new RegisterState(operation.Value, 0, IsPublished: false),
            _ => Allows(operation) == isRefused ? null
                : isRefused ? this
                : new RegisterState(operation.Value, operation.Seq, IsPublished: true),
        };
    }

    private bool Allows(Operation write) => write.Kind switch
    {
        OperationKind.Set => true,
        OperationKind.SetIf => Value == write.Expected,
        OperationKind.PutItem or OperationKind.KeepItem => Value == 0 || (Seq < write.Seq && (write.ExpectedSeq is not { } expected || expected == Seq)),
        _ => throw new UnreachableException(),
    };
}
